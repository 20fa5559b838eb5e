import { beforeEach, describe, expect, it } from 'vitest';
import { FakeBrowser } from '../tabs/fakebrowser';
import { settle } from '../testing';
import { CALL, House, Leg, registered, TAB } from './voicehouse';

const THERE = 'tab_there';

async function phoneOf(house: House, tab: string): Promise<void> {
  await house.phone(tab);
  await settle();
}

async function started(browser?: FakeBrowser, tab = TAB): Promise<House> {
  const house = new House(true, browser, tab);
  house.voice.start();
  await house.device('browser');
  return house;
}

function cut(house: House): void {
  house.view.update((view) => ({ ...view, connection: { phase: 'connecting', first: false } }));
}

function mend(house: House): void {
  house.view.update((view) => ({ ...view, connection: { phase: 'online' } }));
}

describe('the tabs of one browser', () => {
  let browser: FakeBrowser;
  let first: House;
  let second: House;
  beforeEach(async () => {
    browser = new FakeBrowser();
    first = await started(browser);
    second = await started(browser, THERE);
    await phoneOf(first, TAB);
    await phoneOf(second, TAB);
    first.line.events.changed({ connected: true, registered: true });
  });

  it('register once, in the tab the server named', () => {
    expect([first.lines.length, second.lines.length]).toEqual([1, 0]);
    expect([first.voice.view.get().alone, first.line.stopped]).toEqual([false, 0]);
  });

  it('lets the line go at once when another takes it, while the server is out of reach', async () => {
    cut(first);
    await phoneOf(second, THERE);
    expect([first.line.stopped, second.line.started]).toEqual([1, 1]);
    expect(first.voice.view.get().line.registered).toBe(false);
    // Back with its word of before: the server says the new one a moment later.
    mend(first);
    await settle();
    expect(first.lines.length).toBe(1);
    await phoneOf(first, THERE);
    await phoneOf(first, TAB);
    expect([first.lines.length, second.line.stopped]).toEqual([2, 1]);
  });

  it('keeps a talk whose line another tab took', async () => {
    const leg = await first.talk();
    cut(first);
    await phoneOf(second, THERE);
    expect([first.line.stopped, leg.ended]).toEqual([1, false]);
  });

  it('has the line again when whoever took it by an older word gives it back', async () => {
    await phoneOf(first, TAB);
    await phoneOf(second, THERE);
    expect(first.line.stopped).toBe(1);
    await phoneOf(second, TAB);
    expect([first.lines.length, second.line.stopped]).toEqual([2, 1]);
  });

  it('are quiet at once when one took the call, or when it is gone', async () => {
    const leg = new Leg();
    first.line.events.rings(leg);
    first.voice.answer(CALL.call_id);
    await settle();
    expect([...second.quiet]).toEqual([CALL.call_id]);
    expect([...first.quiet]).toEqual([CALL.call_id]);
    await second.clock.pass(10_000);
    expect([...second.quiet]).toEqual([]);
    const missed = new Leg('c_2');
    first.line.events.rings(missed);
    missed.events?.ended();
    expect([...second.quiet]).toEqual(['c_2']);
    // It rings the person once more.
    first.line.events.rings(new Leg('c_2', 'another'));
    expect([...second.quiet]).toEqual([]);
  });

  it('connects at once when a call rings here or there and its socket is cut', () => {
    cut(second);
    first.line.events.rings(new Leg());
    expect([first.called, second.called]).toEqual([0, 1]);
    cut(first);
    first.line.events.rings(new Leg());
    expect([first.called, second.called]).toEqual([1, 2]);
  });

  it('ring on when the tab whose line rings goes away', () => {
    first.line.events.rings(new Leg());
    first.voice.stop();
    expect([...second.quiet]).toEqual([]);
  });

  it('has the line in the next tab when its own is stopped by the browser, and not in a talk', async () => {
    first.voice.freeze();
    expect(first.line.stopped).toBe(1);
    await phoneOf(second, THERE);
    expect(second.line.started).toBe(1);
    first.voice.resume();
    await settle();
    expect(first.lines.length).toBe(1);
    const leg = new Leg(CALL.call_id, 'agent-e_101-1', true);
    second.line.events.rings(leg);
    await settle();
    second.voice.freeze();
    expect([leg.ended, second.line.stopped]).toEqual([false, 0]);
  });
});

describe('where storage is blocked', () => {
  it('has the server alone say which tab it is, and shows that', async () => {
    const house = await registered();
    expect([house.lines.length, house.voice.view.get().alone]).toEqual([1, true]);
  });

  it('believes a sibling while the server is out of reach, and only then', async () => {
    const channels = new FakeBrowser();
    const blocked = (): FakeBrowser => {
      const browser = new FakeBrowser();
      browser.locks = () => {
        throw new DOMException('', 'SecurityError');
      };
      browser.channel = (name) => channels.channel(name);
      return browser;
    };
    const first = await started(blocked());
    const second = await started(blocked(), THERE);
    await phoneOf(first, TAB);
    await phoneOf(second, THERE);
    expect([first.line.stopped, first.voice.view.get().alone]).toEqual([0, true]);
    await phoneOf(second, TAB);
    cut(first);
    await phoneOf(second, THERE);
    expect(first.line.stopped).toBe(1);
  });
});
