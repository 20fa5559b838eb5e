import { beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../testing';
import credentialsJson from '../../../protocol/fixtures/phone_credentials.json';
import { CALL, House, Leg, TAB, registered } from './voicehouse';

describe('the voice of a tab', () => {
  let house: House;
  beforeEach(async () => {
    house = await registered();
  });

  it('does nothing for somebody on a telephone', async () => {
    const other = new House();
    other.voice.start();
    await other.device('phone');
    await other.phone(TAB);
    expect(other.of('phone.report')).toEqual([]);
    expect(other.lines).toEqual([]);
  });

  it('proves its parts one by one and tells each change once', () => {
    expect(house.of('phone.report')).toEqual([
      { type: 'phone.report', microphone: 'granted', connected: false, registered: false, talking: false },
      { type: 'phone.report', microphone: 'granted', connected: true, registered: true, talking: false },
    ]);
    expect(house.line.started).toBe(1);
  });

  it('tells everything again after the socket came back', async () => {
    const before = house.of('phone.report').length;
    house.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
    house.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
    await settle();
    expect(house.of('phone.report').length).toBe(before + 1);
  });

  it('leaves the line to the tab that was given it', async () => {
    await house.phone('tab_there');
    expect(house.line.stopped).toBe(1);
    expect(house.voice.view.get().line.registered).toBe(false);
    await house.phone(TAB);
    expect(house.lines.length).toBe(2);
  });

  it('asks for new credentials when the switch refuses them, while it is the phone', async () => {
    house.line.events.refused();
    await house.clock.pass(3_000);
    await settle();
    expect(house.of('phone.register').length).toBe(2);
    house.line.events.refused();
    await house.phone('tab_there');
    await house.clock.pass(3_000);
    expect(house.of('phone.register').length).toBe(2);
  });

  it('goes on asking when the server would not', async () => {
    const late = new House();
    late.refuse = 'phone.register';
    late.voice.start();
    await late.device('browser');
    await late.phone(TAB);
    expect(late.voice.view.get().noLine).toBe(true);
    await late.clock.pass(3_000);
    await late.clock.pass(5_999);
    expect(late.of('phone.register').length).toBe(2);
    late.refuse = null;
    await late.clock.pass(1);
    await settle();
    expect(late.lines.length).toBe(1);
    expect(late.voice.view.get().noLine).toBe(false);
  });

  it('does not ask the sooner for all that happens meanwhile', async () => {
    const late = new House();
    late.refuse = 'phone.register';
    late.voice.start();
    await late.device('browser');
    await late.phone(TAB);
    for (let n = 0; n < 20; n += 1) {
      await late.told({ ...CALL, call_id: `c_${n}`, entity: `call:c_${n}` });
    }
    expect(late.of('phone.register').length).toBe(1);
    late.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
    late.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
    await settle();
    expect(late.of('phone.register').length).toBe(2);
  });

  it('is on the line again when the browser shows a page it had kept', async () => {
    house.voice.stop();
    await house.phone(TAB, 'socket');
    await house.clock.pass(120_000);
    expect(house.of('phone.register').length).toBe(1);
    house.voice.resume();
    await settle();
    expect([house.of('phone.register').length, house.lines.length]).toEqual([2, 2]);
  });

  it('takes back what it said when a page without pixels loses its microphone', async () => {
    const worker = await registered(false);
    await worker.unplug();
    expect(worker.of('phone.report').at(-1)).toMatchObject({ microphone: 'absent' });
  });

  it('asks for new credentials before the old ones end, when nobody talks', async () => {
    const left = Date.parse(credentialsJson.expires_at) - house.clock.now();
    const leg = new Leg();
    house.line.events.rings(leg);
    await house.clock.pass(Math.max(60_000, left - 10 * 60_000));
    expect(house.of('phone.register').length).toBe(1);
    leg.events?.ended();
    await house.clock.pass(60_000);
    await settle();
    expect(house.of('phone.register').length).toBe(2);
  });

  it('is no phone any more once its person chose a telephone', async () => {
    await house.device('phone');
    expect(house.of('phone.release').length).toBe(1);
    expect(house.line.stopped).toBe(1);
  });

  it('brings the audio here', async () => {
    await house.phone('tab_there');
    await house.voice.take();
    expect(house.of('phone.take').length).toBe(1);
  });

  it('says nothing of itself in a page without pixels until all was granted', async () => {
    const worker = new House(false);
    worker.grants = 'ask';
    worker.voice.start();
    await worker.device('browser');
    expect(worker.of('phone.report')).toEqual([]);
    const asking = new House();
    asking.grants = 'ask';
    asking.voice.start();
    await asking.device('browser');
    expect(asking.of('phone.report')).toMatchObject([{ microphone: 'ask' }]);
  });
});
