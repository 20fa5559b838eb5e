/*! Dozvon call tracking: shows each visitor a number of their own, so that a call knows its way.
 * No cookies; what is kept ends with the tab, addresses go without what people typed.
 *
 *   <script async src="https://phone.example.org/static/visits.js" data-key="dvs_…"></script>
 *   <a href="tel:+74951230001" data-dozvon-number>+7 495 123-00-01</a>
 *
 * A page that changes by itself says so: document.dispatchEvent(new Event('dozvon:page')).
 * When a number is shown, 'dozvon:number' comes with { number, text }.
 */
(() => {
  const script = document.currentScript;
  const key = script?.dataset.key;
  if (!key) return;
  const door = new URL('../api/v1/visits/number', script.src);
  door.searchParams.set('site', key);

  const random = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');
  const read = (name) => {
    try { return sessionStorage.getItem(`dozvon.${name}`); } catch { return null; }
  };
  const keep = (name, value) => {
    try { sessionStorage.setItem(`dozvon.${name}`, value); } catch { /* Storage is closed to us. */ }
    return value;
  };
  const visitor = read('visitor') ?? keep('visitor', random());
  /** Half an hour without a page ends a visit; the next one is a visit of the same visitor. */
  const session = () => {
    const idle = Date.now() - Number(read('seen')) > 1_800_000;
    keep('seen', String(Date.now()));
    return (!idle && read('session')) || keep('session', random());
  };
  const bare = (address) => address.split(/[?#]/, 1)[0].slice(0, 4000);

  let page = {};
  let timer = 0;
  let due = 0;

  function look() {
    const query = new URLSearchParams(location.search);
    const utm = {};
    for (const name of ['source', 'medium', 'campaign', 'term', 'content']) {
      const value = query.get(`utm_${name}`);
      if (value) utm[name] = value.slice(0, 500);
    }
    page = {
      id: random(), visitor, session: session(), url: bare(location.href),
      title: document.title.slice(0, 500), referrer: bare(document.referrer), utm,
    };
    ask();
  }

  /** The same page asked for again keeps its number for longer and is no second page. */
  async function ask() {
    clearTimeout(timer);
    let again = 60;
    try {
      const answer = await fetch(door, {
        method: 'POST', body: JSON.stringify(page), credentials: 'omit',
        // Not JSON by name: the browser need not ask ahead.
        headers: { 'Content-Type': 'text/plain' }, referrerPolicy: 'no-referrer', keepalive: true,
      });
      if (answer.ok) {
        const shown = await answer.json();
        again = shown.again_s;
        keep('shown', JSON.stringify(shown));
        show(shown);
      } else {
        again = Number(answer.headers.get('Retry-After')) || again;
      }
    } catch { /* The page keeps the number it has. */ }
    due = Date.now() + again * 1000;
    timer = setTimeout(renew, again * 1000);
  }

  /** Nobody dials from a hidden tab: its number may go to somebody else. */
  function renew() {
    if (document.visibilityState === 'visible' && Date.now() >= due) ask();
  }

  function show({ number, text }) {
    for (const place of document.querySelectorAll('[data-dozvon-number]')) {
      place.dozvon ??= { text: place.textContent, href: place.getAttribute('href') };
      place.textContent = number ? text : place.dozvon.text;
      const { href } = place.dozvon;
      if (href?.startsWith('tel:')) place.setAttribute('href', number ? `tel:${number}` : href);
    }
    document.dispatchEvent(new CustomEvent('dozvon:number', { detail: { number, text } }));
  }

  function begin() {
    const known = JSON.parse(read('shown') ?? 'null');
    if (known?.number && Date.parse(known.until) > Date.now()) show(known);
    look();
    document.addEventListener('dozvon:page', look);
    document.addEventListener('visibilitychange', renew);
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
