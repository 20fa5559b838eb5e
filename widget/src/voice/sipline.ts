/**
 * The line over JsSIP: SIP by WebSocket (RFC 7118), sound by WebRTC. Loaded when somebody talks in
 * this browser, and not before.
 *
 * The switch always rings us, never the other way round, so its offer says which codecs there are.
 */
import { UA, WebSocketInterface } from 'jssip';
import type { RTCSession } from 'jssip/lib/RTCSession';
import type { IncomingRTCSessionEvent } from 'jssip/lib/UA';
import type { PhoneCredentials } from '../protocol/messages';
import { Gathering } from './gathering';
import type { LegEvents, Line, LineEvents, LineLeg, LineState } from './line';

/** Names of backend/services/ports/lines.py. */
const CALL_HEADER = 'X-Dozvon-Call';
const LEG_HEADER = 'X-Dozvon-Leg';
const MOVE_HEADER = 'X-Dozvon-Move';
/** `Call-Info: <…>;answer-after=0`: the server's order to pick up by itself. */
const ANSWER_AFTER = /;\s*answer-after\s*=\s*0\b/i;
/** A socket that closed is tried again soon, and at the latest after this many seconds: a call is
 * not offered to us meanwhile. */
const RETRY_FIRST_S = 1;
const RETRY_LAST_S = 8;
/** The switch forgets a tab that died without a word after this. */
const REGISTERED_S = 90;

export function openSipLine(events: LineEvents): Line {
  return new SipLine(events);
}

class SipLine implements Line {
  #agent: UA | null = null;
  #credentials: PhoneCredentials | null = null;
  #state: LineState = { connected: false, registered: false };
  /** Agents that were left with a talk on them. */
  readonly #talking = new Set<UA>();
  readonly #legs = new Map<SipLeg, UA>();

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
    agent.on('connected', () => this.#reached(agent));
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
      const header = (name: string): string | null => {
        const value: unknown = request.getHeader(name);
        return typeof value === 'string' ? value : null;
      };
      const leg = new SipLeg(session, credentials, {
        callId: header(CALL_HEADER),
        legId: header(LEG_HEADER),
        answersItself: ANSWER_AFTER.test(header('Call-Info') ?? ''),
        movesHere: header(MOVE_HEADER) !== null,
        prove: () => this.#prove(agent, credentials),
        gone: () => this.#gone(leg),
      });
      this.#legs.set(leg, agent);
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

  /**
   * Asks anything of the switch. A request within a talk would end the talk where the socket is
   * dead without knowing (JsSIP does so on its time-out); this one harms nobody.
   */
  #prove(agent: UA, { username, domain }: PhoneCredentials): void {
    // A closed one is opened again by itself.
    if (!agent.isConnected()) return;
    (agent as unknown as Asking).sendOptions(`sip:${username}@${domain || 'localhost'}`, undefined, {
      eventHandlers: {
        succeeded: () => this.#reached(agent),
        failed: ({ response }) => {
          if (response) this.#reached(agent);
        },
      },
    });
  }

  /** The switch hears us. */
  #reached(agent: UA): void {
    for (const [leg, on] of this.#legs) if (on === agent) leg.reached();
  }

  #gone(leg: SipLeg): void {
    const agent = this.#legs.get(leg);
    this.#legs.delete(leg);
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

/** What the types of JsSIP leave out of its agent. */
interface Asking {
  sendOptions(
    target: string,
    body: string | undefined,
    options: {
      eventHandlers: {
        succeeded: () => void;
        failed: (event: { response: unknown }) => void;
      };
    },
  ): void;
}

interface About {
  readonly callId: string | null;
  readonly legId: string | null;
  readonly answersItself: boolean;
  readonly movesHere: boolean;
  /** Find out whether the switch hears us; `reached` follows when it does. */
  readonly prove: () => void;
  readonly gone: () => void;
}

class SipLeg implements LineLeg {
  readonly callId: string | null;
  readonly legId: string | null;
  readonly answersItself: boolean;
  readonly movesHere: boolean;
  #events: LegEvents | null = null;
  #ended = false;
  #muted = false;
  /** New addresses are due as soon as the switch can be told. */
  #moved = false;
  readonly #gathering = new Gathering();

  constructor(
    private readonly session: RTCSession,
    private readonly credentials: PhoneCredentials,
    private readonly about: About,
  ) {
    this.callId = about.callId;
    this.legId = about.legId;
    this.answersItself = about.answersItself;
    this.movesHere = about.movesHere;
    const over = (): void => {
      if (this.#ended) return;
      this.#ended = true;
      this.#gathering.end();
      about.gone();
      this.#events?.ended();
    };
    session.on('ended', over);
    session.on('failed', over);
    session.on('accepted', () => this.#events?.up());
    session.on('icecandidate', (event) => this.#gathering.found(event));
    session.on('sdp', ({ originator }) => {
      if ((originator as string) === 'local') this.#gathering.end();
    });
    session.on('peerconnection', ({ peerconnection }) => this.#listen(peerconnection));
  }

  watch(events: LegEvents): void {
    this.#events = events;
    if (this.#ended) events.ended();
  }

  answer(stream: MediaStream): void {
    for (const track of stream.getAudioTracks()) track.enabled = !this.#muted;
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
    this.#tellMute();
  }

  end(): void {
    if (this.#ended || this.session.isEnded()) return;
    try {
      // Not taken is not refused: "480 Temporarily Unavailable" lets another device of its person
      // ring, "603 Decline" would be the person's word.
      if (this.session.isEstablished()) this.session.terminate();
      else this.session.terminate({ status_code: 480 });
    } catch {
      // It ended by itself in this moment.
      return;
    }
  }

  mute(on: boolean): void {
    this.#muted = on;
    this.#tellMute();
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
    this.#moved = true;
    this.about.prove();
  }

  reached(): void {
    if (!this.#moved || !this.session.isEstablished()) return;
    // False while another change of the talk is under way: it stays due.
    this.#moved = !this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
    if (!this.#moved) this.#gathering.begin(this.#connection());
  }

  /** By JsSIP, which enables the track again otherwise at each change of the talk. */
  #tellMute(): void {
    if (!this.#connection() || this.session.isEnded()) return;
    if (this.#muted) this.session.mute({ audio: true });
    else this.session.unmute({ audio: true });
  }

  #connection(): RTCPeerConnection | null {
    // Absent until it is answered, whatever the types say.
    return this.session.connection;
  }

  #sender(): RTCRtpSender | undefined {
    return this.#connection()?.getSenders().find((one) => one.track?.kind === 'audio');
  }

  #listen(connection: RTCPeerConnection): void {
    this.#gathering.begin(connection);
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'connected') this.#events?.connected();
    });
    connection.addEventListener('track', ({ track, streams }) => {
      this.#events?.hears(streams[0] ?? new MediaStream([track]));
    });
  }
}
