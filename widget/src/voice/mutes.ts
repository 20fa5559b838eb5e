/**
 * Which of this tab's talks are not to be heard: those the server says are muted, those muted here
 * that it has not heard of yet, and those that make room for a call just answered.
 *
 * Muting is done here at once, because the server may be out of reach; it is undone by its person,
 * or, once the server knew of it, in any tab.
 */
import type { CallChanged } from '../protocol/messages';

/** The server holds the older call by then, or would not. */
export const ROOM_MS = 5_000;

export class Mutes {
  /** Muted here, unknown to the server. */
  readonly #here = new Set<string>();
  /** Until when they make room. */
  readonly #room = new Map<string, number>();

  press(callId: string, on: boolean): void {
    if (on) this.#here.add(callId);
    else this.#here.delete(callId);
  }

  /** Another call is answered: until this one is held, its customer is not to hear the greeting. */
  makeRoom(callId: string, until: number): void {
    this.#room.set(callId, until);
  }

  /** Nothing was answered after all. */
  keepRoom(): void {
    this.#room.clear();
  }

  /** As its person meant it. */
  isMuted(call: CallChanged): boolean {
    // Servers of before do not know of muting.
    const said = (call as { muted?: boolean }).muted === true;
    if (said || call.state === 'ended') this.#here.delete(call.call_id);
    return said || this.#here.has(call.call_id);
  }

  /** Whether its customer hears nothing of this tab. */
  isSilent(call: CallChanged, now: number): boolean {
    const until = this.#room.get(call.call_id) ?? 0;
    if (until <= now || call.state !== 'talking') this.#room.delete(call.call_id);
    return this.isMuted(call) || this.#room.has(call.call_id);
  }
}
