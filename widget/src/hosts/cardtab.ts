/**
 * Our tab in the portal's call card, as a frame of its own (placement CALL_CARD).
 *
 * It keeps the card of an outgoing call that reached nobody: finishing the call takes the card away,
 * and with it the reason and the button to call again, unless a tab asks it to stay (for 65 seconds
 * at most, the portal's limit).
 */
import type { Phone } from '../phone';
import { isRecord } from '../protocol/decode';
import type { CallChanged } from '../protocol/messages';
import { calls } from '../state/selectors';
import type { CardPort } from './cardqueue';

export interface CardTabOptions {
  readonly port: CardPort;
  readonly phone: Pick<Phone, 'view' | 'stop'>;
  readonly callId: string;
  /** Whether `keepEarly` kept the card. */
  readonly isKept: boolean;
}

const TIMEOUT_MS = 3_000;

/**
 * Keeps the card of an outgoing call from the first moment: a busy number ends it before we are
 * signed on. The result lets it go again; null for an incoming one.
 */
export function keepEarly(
  port: Pick<CardPort, 'call'>,
  direction: unknown,
): (() => void) | null {
  if (typeof direction !== 'string' || direction === 'incoming') return null;
  tell(port, 'disableAutoClose');
  return () => tell(port, 'enableAutoClose');
}

function tell(port: Pick<CardPort, 'call'>, command: string): void {
  // Whether it worked shows in whether the card stays: there is nothing else to do about it.
  port.call(command, {}, TIMEOUT_MS).catch(() => undefined);
}

export class CardTab {
  #kept: boolean;
  #over = false;

  constructor(private readonly options: CardTabOptions) {
    this.#kept = options.isKept;
  }

  start(): void {
    const { port, phone } = this.options;
    // It may come twice.
    port.bind('CallCard::BeforeClose', () => this.#beforeClose());
    // The portal's idea of the call: idle with a code of failure, or without one when it is over.
    port.bind('CallCard::CallStateChanged', (argument) => {
      if (stateOf(argument) === 'idle') this.#follow();
    });
    // Nothing of `CallCard::EntityChanged`: the background page hears the same and acts on it.
    phone.view.watch(() => this.#follow());
    this.#follow();
  }

  #follow(): void {
    const call = calls(this.options.phone.view.get().state).find(
      (one) => one.call_id === this.options.callId,
    );
    if (this.#over || !call) return;
    const keep = worthKeeping(call);
    if (keep === this.#kept) return;
    this.#kept = keep;
    tell(this.options.port, keep ? 'disableAutoClose' : 'enableAutoClose');
  }

  #beforeClose(): void {
    if (this.#over) return;
    this.#over = true;
    this.options.phone.stop();
  }
}

/** From the first moment, as there is no telling how fast the portal hides it at the end. */
function worthKeeping(call: CallChanged): boolean {
  return call.direction !== 'inbound' && (call.outcome ?? 'lost') !== 'answered' &&
    (call.state === 'ringing' || call.state === 'ended');
}

/** Two arguments, of which builds of the portal's library deliver one or both. */
function stateOf(argument: unknown): unknown {
  if (Array.isArray(argument)) return (argument as unknown[])[0];
  return isRecord(argument) ? argument['state'] : argument;
}
