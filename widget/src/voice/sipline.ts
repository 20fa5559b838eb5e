/**
 * The line over JsSIP: SIP by WebSocket (RFC 7118), sound by WebRTC. Loaded when somebody talks in
 * this browser, and not before.
 *
 * The switch always rings us, never the other way round, so its offer says which codecs there are.
 */
import { UA, WebSocketInterface } from 'jssip';
import type { IceCandidateEvent, RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent } from 'jssip/lib/UA';
import type { PhoneCredentials } from '../protocol/messages';
import type { LegEvents, Line, LineEvents, LineLeg, LineState } from './line';

/** Names of backend/services/ports/lines.py. */
const CALL_HEADER = 'X-Dozvon-Call';
const LEG_HEADER = 'X-Dozvon-Leg';
/** `Call-Info: <…>;answer-after=0`: the server's order to pick up by itself. */
const ANSWER_AFTER = /;\s*answer-after\s*=\s*0\b/i;
/** A socket that closed is tried again soon, and at the latest after this many seconds: a call is
 * not offered to us meanwhile. */
const RETRY_FIRST_S = 1;
const RETRY_LAST_S = 8;
/** The switch forgets a tab that died without a word after this. */
const REGISTERED_S = 90;
/**
 * Gathering ends this soon after the first usable address: a silent STUN server costs JsSIP 10 to
 * 40 s otherwise (its issues #804, #432).
 */
const GATHER_MS = 250;
/** And at the latest after this, whatever is missing. */
const GATHER_AT_MOST_MS = 1_500;

export function openSipLine(events: LineEvents): Line {
  return new SipLine(events);
}

class SipLine implements Line {
  #agent: UA | null = null;
  #credentials: PhoneCredentials | null = null;
  #state: LineState = { connected: false, registered: false };
  /** Agents that were left with a talk on them. */
  readonly #talking = new Set<UA>();
  readonly #legs = new Map<RTCSession, UA>();

  constructor(private readonly events: LineEvents) {}

  start(credentials: PhoneCredentials): void {
    this.stop();
    this.#credentials = credentials;
    const agent = new UA({
      sockets: [new WebSocketInterface(credentials.ws_url)],
      uri: `sip:${credentials.username}@${credentials.domain || 'localhost'}`,
      authorization_user: credentials.username,
      password: credentials.password,
      display_name: credentials.display_name,
      register: true,
      register_expires: REGISTERED_S,
      session_timers: false,
      connection_recovery_min_interval: RETRY_FIRST_S,
      connection_recovery_max_interval: RETRY_LAST_S,
      user_agent: 'Dozvon',
    });
    this.#agent = agent;
    const mine = (change: Partial<LineState>) => (): void => {
      if (this.#agent === agent) this.#say(change);
    };
    agent.on('connected', mine({ connected: true }));
    agent.on('disconnected', mine({ connected: false, registered: false }));
    agent.on('registered', mine({ registered: true }));
    agent.on('unregistered', mine({ registered: false }));
    agent.on('registrationFailed', ({ response }) => {
      if (this.#agent !== agent) return;
      this.#say({ registered: false });
      // Without an answer the socket is at fault: JsSIP opens a closed one again by itself, one
      // that only seems open is ours to leave.
      const status = (response as { status_code?: number } | null)?.status_code;
      if (status !== undefined) this.events.refused();
      else if (agent.isConnected()) this.reconnect();
    });
    agent.on('newRTCSession', ({ originator, session, request }: IncomingRTCSessionEvent) => {
      if ((originator as string) !== 'remote') return;
      this.#legs.set(session, agent);
      const header = (name: string): string | null => {
        const value: unknown = request.getHeader(name);
        return typeof value === 'string' ? value : null;
      };
      const leg = new SipLeg(session, credentials, {
        callId: header(CALL_HEADER),
        legId: header(LEG_HEADER),
        answersItself: ANSWER_AFTER.test(header('Call-Info') ?? ''),
        gone: () => this.#gone(session),
      });
      this.events.rings(leg);
    });
    agent.start();
  }

  stop(): void {
    const agent = this.#agent;
    this.#agent = null;
    if (!agent) return;
    // Stopping an agent ends its talks: one that has some goes when the last is over.
    if ([...this.#legs.values()].includes(agent)) {
      this.#talking.add(agent);
      if (agent.isRegistered()) agent.unregister();
    } else {
      agent.stop();
    }
    this.#say({ connected: false, registered: false });
  }

  reconnect(): void {
    const agent = this.#agent;
    const credentials = this.#credentials;
    if (!agent || !credentials) return;
    // A socket of before may be dead without knowing; with a talk on it, it has to prove itself.
    if (![...this.#legs.values()].includes(agent)) this.start(credentials);
    else if (agent.isConnected()) agent.register();
  }

  #gone(session: RTCSession): void {
    const agent = this.#legs.get(session);
    this.#legs.delete(session);
    if (!agent || !this.#talking.has(agent)) return;
    if ([...this.#legs.values()].includes(agent)) return;
    this.#talking.delete(agent);
    agent.stop();
  }

  #say(change: Partial<LineState>): void {
    const next = { ...this.#state, ...change };
    if (next.connected === this.#state.connected && next.registered === this.#state.registered) {
      return;
    }
    this.#state = next;
    this.events.changed(next);
  }
}

interface About {
  readonly callId: string | null;
  readonly legId: string | null;
  readonly answersItself: boolean;
  readonly gone: () => void;
}

class SipLeg implements LineLeg {
  readonly callId: string | null;
  readonly legId: string | null;
  readonly answersItself: boolean;
  #events: LegEvents | null = null;
  #ended = false;

  constructor(
    private readonly session: RTCSession,
    private readonly credentials: PhoneCredentials,
    about: About,
  ) {
    this.callId = about.callId;
    this.legId = about.legId;
    this.answersItself = about.answersItself;
    const over = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      about.gone();
      this.#events?.ended();
    };
    session.on('ended', over);
    session.on('failed', over);
    session.on('accepted', () => this.#events?.up());
    session.on('icecandidate', gatherBriefly());
    session.on('peerconnection', ({ peerconnection }) => this.#listen(peerconnection));
  }

  watch(events: LegEvents): void {
    this.#events = events;
    if (this.#ended) events.ended();
  }

  answer(stream: MediaStream): void {
    this.session.answer({
      mediaStream: stream,
      pcConfig: {
        iceServers: this.credentials.ice_servers.map(({ urls, username, credential }) => ({
          urls: [...urls],
          ...(username ? { username } : {}),
          ...(credential ? { credential } : {}),
        })),
      },
    });
  }

  end(): void {
    if (this.#ended || this.session.isEnded()) return;
    try {
      if (this.session.isEstablished()) this.session.terminate();
      else this.session.terminate({ status_code: 603, reason_phrase: 'Decline' });
    } catch {
      // It ended by itself in this moment.
      return;
    }
  }

  mute(on: boolean): void {
    const sender = this.#sender();
    if (sender?.track) sender.track.enabled = !on;
  }

  async speakThrough(stream: MediaStream): Promise<void> {
    const sender = this.#sender();
    const [track] = stream.getAudioTracks();
    if (!sender || !track) return;
    if (sender.track) track.enabled = sender.track.enabled;
    await sender.replaceTrack(track);
  }

  async stats(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const report = await this.#connection()?.getStats();
    const found: Readonly<Record<string, unknown>>[] = [];
    report?.forEach((entry: Readonly<Record<string, unknown>>) => found.push(entry));
    return found;
  }

  restart(): void {
    if (!this.session.isEstablished()) return;
    this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
  }

  #connection(): RTCPeerConnection | null {
    // Absent until it is answered, whatever the types say.
    return this.session.connection;
  }

  #sender(): RTCRtpSender | undefined {
    return this.#connection()?.getSenders().find((one) => one.track?.kind === 'audio');
  }

  #listen(connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ track, streams }) => {
      this.#events?.hears(streams[0] ?? new MediaStream([track]));
    });
    connection.addEventListener('iceconnectionstatechange', () => {
      if (connection.iceConnectionState === 'failed') this.restart();
    });
  }
}

/** Ends gathering by its own clock, once per negotiation. */
function gatherBriefly(): (event: IceCandidateEvent) => void {
  let soon: ReturnType<typeof setTimeout> | null = null;
  let latest: ReturnType<typeof setTimeout> | null = null;
  return ({ candidate, ready }) => {
    const done = (): void => {
      if (soon !== null) clearTimeout(soon);
      if (latest !== null) clearTimeout(latest);
      soon = null;
      latest = null;
      ready();
    };
    latest ??= setTimeout(done, GATHER_AT_MOST_MS);
    // A relayed address works where the others do not: with it there is nothing to wait for.
    if (candidate.type === 'relay') done();
    else soon ??= setTimeout(done, GATHER_MS);
  };
}
