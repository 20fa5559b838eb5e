/** A busy hour: simulated customers call, employees pick up and talk, until the button is pressed
 * again. Nothing is known here but what a person at this page could do by hand. */

const EVERY_MS = 2500;
const PICKS_UP = 0.45;
/** How likely a call ends at a step: talks of half a minute, some callers who give up. */
const ENDS = 0.12;
const GIVES_UP = 0.04;
const MOST = 12;

/** `look` tells the page's state; `send` is a lever that keeps quiet when it fails. */
export function busyHour(look, send) {
  let timer = null;
  const any = (list) => list[Math.floor(Math.random() * list.length)];
  const step = () => {
    const state = look();
    if (!state) return;
    const live = state.customers.filter((one) => one.channel);
    const numbers = state.virtual_numbers ?? [];
    if (numbers.length > 0 && live.length < MOST) {
      const known = any(state.known_customers ?? []);
      const stranger = `7916${String(Math.floor(Math.random() * 1e7)).padStart(7, "0")}`;
      send("calls", { from: known && Math.random() < 0.5 ? known.number : stranger, to: any(numbers).number });
    }
    for (const phone of state.phones) {
      if (phone.state === "RINGING" && Math.random() < PICKS_UP) {
        send(`phones/${encodeURIComponent(phone.endpoint.split("/")[1])}/pickup`);
      }
    }
    for (const one of live) {
      const chance = one.talking_since ? ENDS : GIVES_UP;
      if (Math.random() < chance) send(`customers/${encodeURIComponent(one.id)}/hangup`);
    }
  };
  return {
    get on() {
      return timer !== null;
    },
    toggle() {
      if (timer === null) {
        timer = setInterval(step, EVERY_MS);
        step();
      } else {
        clearInterval(timer);
        timer = null;
      }
    },
  };
}
