/**
 * The phone of one page: the socket, the folded state, and what the person is doing with them.
 *
 * Screens read `view` and call the methods; nothing here draws.
 */
import type { Clicked } from './hosts/host';
import type { Clock } from './protocol/clock';
import { NoticeBoard, type Notice } from './notices';
import { SocketClient, type Ask, type SocketLike } from './protocol/client';
import type { Connection } from './protocol/connection';
import { failureCode, refusalOf, type FailureCode } from './protocol/failure';
import type {
  AgentStatus,
  Dial,
  HistoryEntry,
  HistoryPage,
  Push,
  RecordRef,
  SessionToken,
  StreamName,
  Welcome,
  You,
} from './protocol/messages';
import type { Session } from './protocol/session';
import { begin, reduce } from './state/reducer';
import { calls, historyMark, outgoing, phoneState, rings } from './state/selectors';
import { EMPTY, type State } from './state/state';
import { Store } from './state/store';

export interface HistoryView {
  readonly phase: 'idle' | 'loading' | 'ready' | 'failed';
  readonly entries: readonly HistoryEntry[];
  readonly next: string | null;
}

export interface View {
  readonly state: State;
  readonly connection: Connection;
  readonly you: You | null;
  /** Server's clock minus ours: timers are shown by the server's. */
  readonly skewMs: number;
  readonly notices: readonly Notice[];
  /** Keys of what was asked and is not answered: `answer:<call id>`, `dial`, `status`. */
  readonly pending: ReadonlySet<string>;
  readonly history: HistoryView;
  /** The outgoing number chosen in this tab, while it may be; null: as the settings say. */
  readonly from: string | null;
}

export type DialSource = NonNullable<Dial['source']>;

export interface PhoneOptions {
  readonly session: Session;
  readonly clock: Clock;
  readonly tab: { readonly id: string; readonly visible: Store<boolean> };
  /** Whether a ring tone could be heard here. */
  readonly sound: Store<boolean>;
  /** Where the outgoing number chosen in this tab outlives the page. */
  readonly from?: { get(): string | null; set(number: string | null): void };
  /** The session has a fresh token. */
  readonly onRenewed?: (token: SessionToken) => void;
  readonly locale: () => string;
  readonly openSocket: (url: string) => SocketLike;
  readonly isOnline: () => boolean;
}

const HISTORY_PAGE = 30;
/** A phone that was told to answer by itself does so within a few seconds or not at all. */
const ANSWER_SETTLES_MS = 8_000;
/** The session is renewed with a tenth of its life left, but not later than five minutes before. */
const RENEW_BEFORE_MS = 5 * 60_000;
const RENEW_RETRY_MS = 30_000;

const EMPTY_HISTORY: HistoryView = { phase: 'idle', entries: [], next: null };

export class Phone {
  readonly view = new Store<View>({
    state: EMPTY,
    connection: { phase: 'connecting', first: true },
    you: null,
    skewMs: 0,
    notices: [],
    pending: new Set(),
    history: EMPTY_HISTORY,
    from: null,
  });
  readonly #client: SocketClient;
  /** Takes a call whose sound is to be in this tab; set where a voice is. */
  answerHere: ((callId: string) => boolean) | null = null;
  /** Silences a talk whose sound is in this tab, or lets it be heard. */
  muteHere: ((callId: string, on: boolean) => void) | null = null;
  readonly #notices: NoticeBoard;
  /** Kept while it may not be chosen: an administrator may give the choice back. */
  #chosen: string | null;
  #historyShown = false;
  /** Grows with each fresh load, so that a late page of the previous one is dropped. */
  #historyLoad = 0;
  #cancelRenewal: () => void = () => undefined;
  readonly #undo: (() => void)[] = [];

  constructor(private readonly options: PhoneOptions) {
    const { session, clock, tab, sound } = options;
    this.#chosen = options.from?.get() ?? null;
    this.#notices = new NoticeBoard(clock, () => this.view.get().skewMs);
    this.#notices.shown.watch(() => this.#patch({ notices: this.#notices.shown.get() }));
    this.#client = new SocketClient({
      clock,
      random: Math.random,
      newId: newCommandId,
      openSocket: options.openSocket,
      isOnline: options.isOnline,
      buyTicket: () => session.buyTicket(),
      tab: () => ({
        tab: tab.id,
        visible: tab.visible.get(),
        sound: sound.get(),
        locale: options.locale(),
      }),
      sink: {
        start: (stream, recovered, pushes) => this.#begin(stream, recovered, pushes),
        push: (push) => this.#take(push),
        welcome: (welcome) => this.#welcome(welcome),
        connection: (connection) => this.#patch({ connection }),
      },
    });
  }

  start(): void {
    const report = (): void => this.#reportTab();
    this.#undo.push(this.options.tab.visible.watch(report), this.options.sound.watch(report));
    this.#client.start();
  }

  stop(): void {
    this.#cancelRenewal();
    this.#client.stop();
    for (const undo of this.#undo.splice(0)) undo();
  }

  /**
   * Whether the session ended because its time was over (the machine slept, say), not because
   * somebody ended it: then it is right to come through the CRM again without being asked. Only the
   * server's clock counts, so never before the first welcome.
   */
  ranOut(): boolean {
    const { connection, you, skewMs } = this.view.get();
    const over = connection.phase === 'stopped' && connection.reason === 'session_ended';
    const now = this.options.clock.now() + skewMs;
    return over && you !== null && now >= this.options.session.expiresAt;
  }

  networkChanged(online: boolean): void {
    if (online) this.#client.retryNow();
    else this.#client.wentOffline();
  }

  /** A question of the phone's other half (`voice`). Raises CommandFailed. */
  askFor(ask: Ask, id?: string): Promise<unknown> {
    // Nobody is to be heard on because our server is out of reach.
    if (ask.type === 'call.mute') this.muteHere?.(ask.call_id, ask.on);
    return this.#client.ask(ask, undefined, id);
  }

  /** For what goes by HTTP. */
  get session(): Session {
    return this.options.session;
  }

  connectNow(): void {
    this.#client.retryNow();
  }

  follow(stream: StreamName): () => void {
    return this.#client.follow(stream);
  }

  /** Stays pending after the server agreed, until the switch reports: the button must not blink. */
  answer(callId: string, id?: string): Promise<boolean> {
    if (this.answerHere?.(callId)) {
      this.#setPending(`answer:${callId}`, true);
      this.options.clock.after(ANSWER_SETTLES_MS, () => this.#setPending(`answer:${callId}`, false));
      return Promise.resolve(true);
    }
    const ask = { type: 'call.answer', call_id: callId } as const;
    return this.#do(`answer:${callId}`, ask, id, () => {
      const call = calls(this.view.get().state).find((one) => one.call_id === callId);
      return call && rings(call) ? ANSWER_SETTLES_MS : 0;
    });
  }

  decline(callId: string, id?: string): Promise<boolean> {
    return this.#do(`decline:${callId}`, { type: 'call.decline', call_id: callId }, id);
  }

  hangUp(callId: string, id?: string): Promise<boolean> {
    return this.#do(`hangup:${callId}`, { type: 'call.hangup', call_id: callId }, id);
  }

  hold(callId: string, on: boolean): Promise<boolean> {
    return this.#do(`hold:${callId}`, { type: 'call.hold', call_id: callId, on });
  }

  pauseRecording(callId: string, on: boolean): Promise<boolean> {
    return this.#do(`pause:${callId}`, { type: 'call.pause_recording', call_id: callId, on });
  }

  dismiss(callId: string): Promise<boolean> {
    return this.#do(`dismiss:${callId}`, { type: 'call.dismiss', call_id: callId });
  }

  dial(
    target: string,
    source: DialSource = 'keypad',
    extension: string | null = null,
  ): Promise<boolean> {
    const wish = { type: 'call.dial', target, source, ...dialledOn(extension) } as const;
    return this.#do('dial', { ...wish, ...this.#from() });
  }

  /** A number clicked on the CRM's page; the card shows its record first. */
  dialClicked({ number, extension, record }: Clicked): Promise<boolean> {
    const of = record ? { record_kind: record.kind, record_id: record.id } : {};
    const wish = { type: 'call.dial', target: number, source: 'click', ...of } as const;
    return this.#do('dial', { ...wish, ...dialledOn(extension), ...this.#from() });
  }

  /** Show this number to whoever is called from this tab from now on. */
  callFrom(number: string | null): void {
    this.#chosen = number;
    this.options.from?.set(number);
    this.#patch(this.#folded(this.view.get().state));
  }

  chooseContact(callId: string, { kind, id }: RecordRef): Promise<boolean> {
    const ask = { type: 'contact.choose', call_id: callId, kind, record_id: id } as const;
    return this.#do(`choose:${callId}`, ask);
  }

  retryLookup(callId: string): Promise<boolean> {
    return this.#do(`retry:${callId}`, { type: 'contact.retry', call_id: callId });
  }

  calledBack(callId: string): Promise<boolean> {
    return this.#do(`callback:${callId}`, { type: 'callback.done', call_id: callId });
  }

  setStatus(status: AgentStatus, reason: string | null): Promise<boolean> {
    return this.#do('status', { type: 'status.set', status, reason });
  }

  /** The history is on screen or not: only then does a new call make it load again. */
  showHistory(on: boolean): void {
    this.#historyShown = on;
    if (on) void this.loadHistory();
  }

  async loadHistory(): Promise<void> {
    this.#historyLoad += 1;
    await this.#loadHistoryPage(null, this.#historyLoad);
  }

  async moreHistory(): Promise<void> {
    const { next, phase } = this.view.get().history;
    if (next !== null && phase !== 'loading') await this.#loadHistoryPage(next, this.#historyLoad);
  }

  dismissNotice(id: number): void {
    this.#notices.dismiss(id);
  }

  fail(code: FailureCode): void {
    // It was to be answered here, and may be tried again.
    if (code === 'no_microphone') {
      for (const key of this.view.get().pending) {
        if (key.startsWith('answer:')) this.#setPending(key, false);
      }
    }
    this.#notices.show({ kind: 'failed', code });
  }

  async #loadHistoryPage(before: string | null, load: number): Promise<void> {
    const shown = before === null ? [] : this.view.get().history.entries;
    const old = this.view.get().history;
    this.#patch({ history: { ...old, phase: 'loading' } });
    try {
      const ask = { type: 'history.list', before, limit: HISTORY_PAGE } as const;
      const page = (await this.#client.ask(ask)) as HistoryPage;
      if (load !== this.#historyLoad) return;
      const entries = [...shown, ...page.entries];
      this.#patch({ history: { phase: 'ready', entries, next: page.next } });
    } catch {
      if (load === this.#historyLoad) this.#patch({ history: { ...old, phase: 'failed' } });
    }
  }

  /** `settlesMs`: how long the key stays pending after the server agreed; 0 is not at all. */
  async #do(key: string, ask: Ask, id?: string, settlesMs = (): number => 0): Promise<boolean> {
    if (this.view.get().pending.has(key)) return false;
    this.#setPending(key, true);
    try {
      await this.#client.ask(ask, undefined, id);
    } catch (error) {
      this.#setPending(key, false);
      const reason = refusalOf(error);
      if (reason) this.#notices.show({ kind: 'refused', reason, number: null });
      else this.fail(failureCode(error));
      return false;
    }
    const wait = settlesMs();
    if (wait > 0) this.options.clock.after(wait, () => this.#setPending(key, false));
    else this.#setPending(key, false);
    return true;
  }

  #setPending(key: string, on: boolean): void {
    if (this.view.get().pending.has(key) === on) return;
    const pending = new Set(this.view.get().pending);
    if (on) pending.add(key);
    else pending.delete(key);
    this.#patch({ pending });
  }

  #welcome(welcome: Welcome): void {
    const skewMs = Date.parse(welcome.server_time) - this.options.clock.now();
    this.#patch({ you: welcome.you, skewMs });
    this.#planRenewal(Date.parse(welcome.session_expires_at) - skewMs);
  }

  #planRenewal(expiresAt: number): void {
    const left = expiresAt - this.options.clock.now();
    const wait = Math.max(1_000, left - Math.max(RENEW_BEFORE_MS, left / 10));
    this.#cancelRenewal();
    // Timers hold 31 bits of milliseconds; a session never lives that long, a wrong clock might.
    this.#cancelRenewal = this.options.clock.after(Math.min(wait, 2 ** 31 - 1), () => {
      void this.#renew();
    });
  }

  async #renew(): Promise<void> {
    try {
      const token = (await this.#client.ask({ type: 'session.renew' })) as SessionToken;
      this.options.session.renewed(token);
      this.options.onRenewed?.(token);
      this.#planRenewal(Date.parse(token.expires_at) - this.view.get().skewMs);
    } catch {
      this.#cancelRenewal = this.options.clock.after(RENEW_RETRY_MS, () => void this.#renew());
    }
  }

  #begin(stream: StreamName, recovered: boolean, pushes: readonly Push[]): void {
    this.#patch(this.#folded(begin(this.view.get().state, stream, recovered, pushes)));
    if (stream === 'me' && this.#historyShown) void this.loadHistory();
  }

  #from(): Pick<Dial, 'caller_id'> {
    const { from } = this.view.get();
    return from === null ? {} : { caller_id: from };
  }

  /** The number chosen counts while it is among those to choose from. */
  #folded(state: State): Pick<View, 'state' | 'from'> {
    const chosen = this.#chosen;
    const may = outgoing(state)?.numbers.some(({ number }) => number === chosen);
    return { state, from: may ? chosen : null };
  }

  #take(push: Push): void {
    const before = this.view.get().state;
    const after = reduce(before, push);
    this.#patch(this.#folded(after));
    if (push.type === 'notice.raised') this.#notices.raised(push);
    if (push.type === 'phone.passed') this.#notices.passed(push, phoneState(after)?.missing ?? []);
    if (push.type === 'call.removed') this.#notices.show({ kind: 'removed', removed: push });
    if (push.type === 'call.removed' || (push.type === 'call.changed' && !rings(push))) {
      this.#setPending(`answer:${push.call_id}`, false);
    }
    if (this.#historyShown && historyMark(before) !== historyMark(after)) void this.loadHistory();
  }

  #reportTab(): void {
    if (this.view.get().connection.phase !== 'online') return;
    const visible = this.options.tab.visible.get();
    const sound = this.options.sound.get();
    // Lost reports heal with the next hello, which carries the same facts.
    this.#client.ask({ type: 'tab.report', visible, sound }).catch(() => undefined);
  }

  #patch(change: Partial<View>): void {
    this.view.update((view) => ({ ...view, ...change }));
  }
}

function dialledOn(extension: string | null): Pick<Dial, 'extension'> {
  return extension === null ? {} : { extension };
}

export function newCommandId(): string {
  return `w_${crypto.randomUUID().replaceAll('-', '')}`;
}
