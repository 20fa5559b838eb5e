import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../testing';
import { CALL, type House, Leg, TAB, registered } from './voicehouse';

describe('the talks of a tab', () => {
  let house: House;
  beforeEach(async () => {
    house = await registered();
  });

  it('takes a call that rings here at once, without the server', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).toBeNull();
    expect(house.voice.answer(CALL.call_id)).toBe(true);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
    expect(house.of('phone.report').at(-1)).toMatchObject({ talking: true });
    expect(house.voice.answer('another')).toBe(false);
  });

  it('takes it when another tab asked, and only that leg, and only now', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    const asked = { type: 'phone.asked', entity: 'phone_asked', call_id: CALL.call_id, act: 'answer' };
    const at = (age: number): string => new Date(house.clock.now() - age).toISOString();
    await house.told({ ...asked, leg_id: 'agent-e_101-0', at: at(0) });
    await house.told({ ...asked, leg_id: leg.legId, at: at(60_000) });
    expect(leg.answeredWith).toBeNull();
    await house.told({ ...asked, leg_id: leg.legId, at: at(1_000) });
    expect(leg.answeredWith).not.toBeNull();
  });

  it('takes it when the wish came before the ringing', async () => {
    const at = new Date(house.clock.now()).toISOString();
    const asked = { type: 'phone.asked', entity: 'phone_asked', call_id: CALL.call_id, act: 'answer' };
    await house.told({ ...asked, leg_id: 'agent-e_101-1', at });
    const leg = new Leg();
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
  });

  it('picks up by itself what its person asked for', async () => {
    const leg = new Leg('c_2', 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
  });

  it('lets the microphone go with the call', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    leg.events?.ended();
    expect(house.streams.every((stream) => stream.stopped)).toBe(true);
    expect(house.voice.answer(CALL.call_id)).toBe(false);
  });

  it('says so when the microphone will not open, and the call rings on', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    house.grants = 'absent';
    house.voice.answer(CALL.call_id);
    await settle();
    expect(house.failed).toEqual(['no_microphone']);
    expect(leg.ended).toBe(false);
    expect(house.of('phone.report').at(-1)).toMatchObject({ microphone: 'absent' });
  });

  it('is silent at once where it is muted here, and heard when its person says so', async () => {
    const leg = await house.talk();
    house.voice.mute(CALL.call_id, true);
    expect(leg.muted).toBe(true);
    // The server was out of reach; what it says next knows nothing of it.
    await house.told({ ...CALL, state: 'talking', muted: false });
    expect(leg.muted).toBe(true);
    await house.clock.pass(1_000);
    expect(house.voice.view.get().legs[CALL.call_id]?.muted).toBe(true);
    house.voice.mute(CALL.call_id, false);
    expect([leg.muted, house.voice.view.get().legs[CALL.call_id]?.muted]).toEqual([false, false]);
    // Once the server knew, any tab may undo it.
    house.voice.mute(CALL.call_id, true);
    await house.told({ ...CALL, state: 'talking', muted: true });
    await house.told({ ...CALL, state: 'talking', muted: false });
    expect(leg.muted).toBe(false);
  });

  it('lets nobody hear the greeting of another call, until it is held', async () => {
    const leg = await house.talk();
    const second = new Leg('second', 'second');
    house.line.events.rings(second);
    house.voice.answer('second');
    expect([leg.muted, second.muted]).toEqual([true, false]);
    await settle();
    await house.told({ ...CALL, state: 'held' });
    await house.told({ ...CALL, state: 'talking' });
    expect(leg.muted).toBe(false);
    // A server that would not hold it does not leave it silent.
    const third = new Leg('third', 'third');
    house.line.events.rings(third);
    house.voice.answer('third');
    expect(leg.muted).toBe(true);
    await house.clock.pass(5_000);
    expect(leg.muted).toBe(false);
  });

  it('is muted as the card says, whoever pressed it', async () => {
    const leg = new Leg();
    house.line.events.rings(leg);
    house.voice.answer(CALL.call_id);
    await settle();
    await house.told({ ...CALL, state: 'talking', muted: true });
    expect(leg.muted).toBe(true);
    await house.told({ ...CALL, state: 'talking', muted: false });
    expect(leg.muted).toBe(false);
  });

  const moved = { type: 'call.move_voice', call_id: CALL.call_id, leg_id: 'agent-e_101-1' };

  it('has its talk go on in the tab the person chose once that is ready, and talks till then', async () => {
    const leg = await house.talk();
    await house.phone('tab_there', 'registration');
    expect(house.of('call.move_voice')).toEqual([]);
    await house.phone('tab_there');
    await house.told({ ...CALL, state: 'held', transfer: null });
    expect(house.of('call.move_voice')).toEqual([moved]);
    expect(leg.ended).toBe(false);
    leg.events?.ended();
    await house.phone(TAB);
    expect(house.of('phone.take')).toEqual([]);
  });

  it('takes the phone back when the talk could not leave, and lets it leave another time', async () => {
    const leg = await house.talk();
    house.refuse = 'call.move_voice';
    await house.phone('tab_there');
    expect(house.of('phone.take')).toEqual([{ type: 'phone.take' }]);
    expect(leg.ended).toBe(false);
    house.refuse = null;
    await house.phone(TAB);
    await house.phone('tab_there');
    expect(house.of('call.move_voice')).toEqual([moved, moved]);
  });

  it('takes nothing back when the talk is over', async () => {
    const leg = await house.talk();
    house.refuse = 'call.move_voice';
    const told = house.phone('tab_there');
    leg.events?.ended();
    await told;
    expect(house.of('phone.take')).toEqual([]);
  });

  it('keeps the talk while it is passed on, and when only its own socket was cut', async () => {
    const leg = await house.talk();
    house.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
    await house.phone('tab_there');
    house.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
    await settle();
    expect(house.of('call.move_voice')).toEqual([]);
    await house.phone(TAB);
    const transfer = { kind: 'attended', phase: 'ringing', role: 'sender', target: 'x', by: 'y' };
    await house.told({ ...CALL, state: 'held', transfer });
    await house.phone('tab_there');
    expect(house.of('call.move_voice')).toEqual([]);
    await house.told({ ...CALL, state: 'talking', transfer: { ...transfer, phase: 'failed' } });
    expect(house.of('call.move_voice')).toEqual([moved]);
    expect(leg.ended).toBe(false);
  });

  it('says that sound is up on a leg a talk moves to, and of no other', async () => {
    const plain = new Leg('c_2', 'agent-e_101-1', true);
    house.line.events.rings(plain);
    plain.events?.connected();
    const leg = new Leg(CALL.call_id, 'agent-e_101-2', true, true);
    house.line.events.rings(leg);
    await settle();
    expect(leg.answeredWith).not.toBeNull();
    leg.events?.connected();
    await house.clock.pass(500);
    expect(house.of('call.take_voice')).toEqual([]);
    leg.entries = [{ type: 'inbound-rtp', jitterBufferEmittedCount: 960 }];
    await house.clock.pass(20);
    expect(house.of('call.take_voice')).toEqual([
      { type: 'call.take_voice', call_id: CALL.call_id, leg_id: 'agent-e_101-2' },
    ]);
  });

  it('says so of a silent one as well, since nothing comes from who waits', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-2', true, true);
    house.line.events.rings(leg);
    leg.events?.connected();
    for (let n = 0; n < 51; n += 1) await house.clock.pass(20);
    expect(house.of('call.take_voice').length).toBe(1);
  });

  it('takes no second leg of a talk that is here', async () => {
    await house.talk();
    const leg = new Leg(CALL.call_id, 'agent-e_101-2', true, true);
    house.line.events.rings(leg);
    await settle();
    expect([leg.ended, leg.answeredWith]).toEqual([true, null]);
  });

  it('ends its talks by word when the page goes', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    house.voice.stop();
    expect([leg.ended, house.line.stopped]).toEqual([true, 1]);
    expect(house.streams.every((stream) => stream.stopped)).toBe(true);
  });

  it('speaks again through a headset that was plugged in again', async () => {
    const leg = await house.talk();
    const first = leg.answeredWith;
    await house.unplug();
    expect(house.failed).toEqual(['no_microphone']);
    expect(leg.answeredWith).toBe(first);
    await house.plug();
    expect(leg.answeredWith).not.toBe(first);
    expect(house.of('phone.report').at(-1)).toMatchObject({ microphone: 'granted', talking: true });
  });

  it('keeps its talk when the other tab was chosen because the headset went away', async () => {
    const leg = await house.talk();
    await house.phone(null, 'microphone_absent');
    await house.phone('tab_there', 'registration');
    await house.phone('tab_there');
    expect(leg.ended).toBe(false);
  });

  it('lets a microphone go that opened when the talk was over', async () => {
    const leg = await house.talk();
    let open: (value: unknown) => void = () => undefined;
    house.gate = new Promise((resolve) => (open = resolve));
    house.devices.choose('microphone', 'usb');
    await settle();
    leg.events?.ended();
    open(null);
    for (let link = 0; link < 4; link += 1) await settle();
    expect(house.streams.map((stream) => stream.stopped)).toEqual(house.streams.map(() => true));
  });

  it('lets the microphone before go, whatever the connection says of the new one', async () => {
    const leg = await house.talk();
    leg.speakThrough = () => Promise.reject(new DOMException('closed', 'InvalidStateError'));
    const before = house.streams.at(-1);
    house.devices.choose('microphone', 'usb');
    for (let link = 0; link < 4; link += 1) await settle();
    expect(before?.stopped).toBe(true);
    leg.events?.ended();
    expect(house.streams.every((stream) => stream.stopped)).toBe(true);
  });

  it('looks for new ways when the network changed', async () => {
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    house.line.events.rings(leg);
    await settle();
    house.voice.networkChanged();
    expect([house.line.reconnected, leg.restarts]).toEqual([1, 1]);
  });
});
