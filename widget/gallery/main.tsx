/** One scene, by address: `?scene=ringing&theme=dark&lang=en&sound=1`. */
import { render } from 'preact';
import { standaloneHost } from '../src/hosts/standalone';
import { localeOf, Words } from '../src/i18n';
import { Ringer } from '../src/media/ringer';
import { Phone } from '../src/phone';
import type { Ask } from '../src/protocol/client';
import { systemClock } from '../src/protocol/clock';
import { Session } from '../src/protocol/session';
import { openSocket } from '../src/protocol/socket';
import { Store } from '../src/state/store';
import { App } from '../src/ui/App';
import '../src/ui/styles.css';
import itemsJson from '../../protocol/fixtures/dialer_items.json';
import listsJson from '../../protocol/fixtures/dialer_lists.json';
import { SCENES } from './scenes';

const asked = new URLSearchParams(location.search);
const words = new Words(localeOf(asked.get('lang')));
const token = { token: 'gallery', expires_at: new Date(Date.now() + 3_600_000).toISOString() };
const boot = { session: token, page: 'standalone', placement: '', options: {}, api: '', locale: words.locale };
const sound = new Ringer(() => {
  throw new Error('silent');
});
sound.unlocked.set(asked.get('sound') !== '0');

/** Shows what it is given and asks nobody. */
class StillPhone extends Phone {
  override showHistory(): void {
    // The scene brings its own history.
  }

  override askFor(ask: Ask): Promise<unknown> {
    if (ask.type === 'dialer.lists') return Promise.resolve(listsJson);
    return ask.type === 'dialer.items' ? Promise.resolve(itemsJson) : super.askFor(ask);
  }
}

const phone = new StillPhone({
  session: new Session('', token),
  clock: systemClock,
  tab: { id: 'gallery', visible: new Store(true) },
  sound: sound.unlocked,
  locale: () => words.locale,
  openSocket,
  isOnline: () => true,
});
const scene = SCENES[asked.get('scene') ?? 'ringing'];
if (scene) phone.view.set(scene());

document.documentElement.dataset['theme'] = asked.get('theme') ?? 'light';
document.documentElement.lang = words.locale;
const root = document.getElementById('app');
if (root) {
  render(<App phone={phone} host={standaloneHost(boot, token)} words={words} sound={sound} />, root);
}
