/**
 * The line of a tab that is the phone: asked for, tried again, renewed, let go. Whose turn it is to
 * have one is not decided here.
 */
import type { Clock } from '../protocol/clock';
import { failureCode } from '../protocol/failure';
import type { PhoneCredentials } from '../protocol/messages';
import type { Phone } from '../phone';
import type { Line, LineLeg, LineState, OpenLine } from './line';

export interface RegistrationOptions {
  readonly phone: Pick<Phone, 'view' | 'askFor'>;
  readonly clock: Clock;
  /** 0 to 1, for waits that are not to end together. */
  readonly random: () => number;
  readonly loadLine: () => Promise<OpenLine>;
  /** Whether this tab is the phone, and nothing of its browser is in the way. */
  readonly isMine: () => boolean;
  /** Whether a call rings or is talked on the line. */
  readonly isBusy: () => boolean;
  /** It begins: credentials are asked for. */
  readonly begins: () => void;
  readonly changed: (line: LineState) => void;
  /** Whether the switch gives no line to browsers. */
  readonly refused: (noLine: boolean) => void;
  readonly rings: (leg: LineLeg) => void;
  /** Look again whether the line is to be held. */
  readonly look: () => void;
}

export const OFF: LineState = { connected: false, registered: false };
/** Registering is tried again after this when the server or the switch would not, then after twice
 * as long each time. */
const RETRY_MS = 3_000;
const RETRY_AT_MOST_MS = 60_000;
/** Credentials are asked for anew this long before their end, or as soon as nobody talks then. */
const RENEW_BEFORE_MS = 10 * 60_000;

export class Registration {
  #line: Line | null = null;
  /** No credentials are held, or they are void. */
  #needed = true;
  /** They are being asked for. */
  #asking = false;
  /** They were refused, and are not asked for again before a while. */
  #waiting = false;
  #cancelRetry: () => void = () => undefined;
  #cancelRenewal: () => void = () => undefined;
  #wait = RETRY_MS;

  constructor(private readonly options: RegistrationOptions) {}

  /** Registers, unless that is done, under way, or was refused a moment ago. */
  hold(): void {
    if (this.#needed && !this.#asking && !this.#waiting) void this.#register();
  }

  letGo(): void {
    this.hurry();
    this.#cancelRenewal();
    this.#needed = true;
    const line = this.#line;
    this.#line = null;
    line?.stop();
    this.options.changed(OFF);
  }

  /** What was refused may be asked for again at once. */
  hurry(): void {
    this.#cancelRetry();
    this.#waiting = false;
  }

  reconnect(): void {
    this.#line?.reconnect();
  }

  async #register(): Promise<void> {
    const { phone, isMine, begins, changed, refused, rings, look } = this.options;
    this.hurry();
    this.#asking = true;
    begins();
    try {
      const [open, credentials] = await Promise.all([
        this.options.loadLine(),
        phone.askFor({ type: 'phone.register' }) as Promise<PhoneCredentials>,
      ]);
      if (!isMine()) return;
      this.#line ??= open({
        changed: (line) => {
          if (line.registered) this.#wait = RETRY_MS;
          changed(line);
          look();
        },
        refused: () => this.#again(),
        rings,
      });
      this.#line.start(credentials);
      this.#needed = false;
      refused(false);
      this.#renewLater(credentials);
    } catch (error) {
      refused(failureCode(error) === 'no_device');
      this.#again();
    } finally {
      this.#asking = false;
      // It went and came back while the credentials were on their way.
      if (this.#needed && !this.#waiting && isMine()) look();
    }
  }

  /** Later: another tab may have been given the line, and then it is not ours to ask for. */
  #again(): void {
    const { clock, random, look } = this.options;
    this.hurry();
    this.#needed = true;
    this.#waiting = true;
    // When a switch comes back, everybody's line is tried anew: not all in one moment.
    this.#cancelRetry = clock.after(this.#wait * (0.5 + random() / 2), () => {
      this.#waiting = false;
      look();
    });
    this.#wait = Math.min(RETRY_AT_MOST_MS, this.#wait * 2);
  }

  /** Passwords of TURN servers end; nobody's talk is to end with them. */
  #renewLater({ expires_at: expiresAt }: Pick<PhoneCredentials, 'expires_at'>): void {
    const { clock, phone, isMine, isBusy } = this.options;
    const left = Date.parse(expiresAt) - phone.view.get().skewMs - clock.now();
    this.#cancelRenewal();
    this.#cancelRenewal = clock.after(Math.max(RETRY_AT_MOST_MS, left - RENEW_BEFORE_MS), () => {
      if (!isMine()) return;
      if (isBusy()) this.#renewLater({ expires_at: expiresAt });
      else void this.#register();
    });
  }
}
