import { beforeEach, describe, expect, it } from 'vitest';
import type { CallChanged } from '../protocol/messages';
import { Scene, call, view } from './cardscene';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

describe('one card after another', () => {
  it('gets nothing that was meant for the card before it', async () => {
    scene.portal.silent = true;
    const other: CallChanged = { ...call, entity: 'call:2', call_id: '2', name: 'Пётр Власов' };
    scene.answers = [call.call_id, '2'];
    await scene.raised(call, other);
    expect(scene.portal.commands).toHaveLength(1);
    scene.portal.fire('initialized', { CALL_ID: 'card-2' });
    await scene.clock.pass(10_000);
    expect(scene.portal.commands.map(([name]) => name)).toEqual([
      'CallCardSetCardTitle',
      'CallCardSetCardTitle',
      'CallCardSetUiState',
      'CallCardSetStatusText',
    ]);
    expect(scene.portal.sent('CallCardSetCardTitle')).toEqual(['Мария Седова', 'Пётр Власов']);
  });

  it('is not lost to a late refusal of the one before', async () => {
    const late: ((answer: unknown) => void)[] = [];
    const real = scene.portal.call.bind(scene.portal);
    await scene.raised(call);
    scene.portal.call = (command, params, timeoutMs) => {
      void real(command, params, timeoutMs);
      return new Promise((resolve) => late.push(resolve));
    };
    await scene.becomes({ state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    scene.portal.call = real;
    scene.portal.fire('initialized', { CALL_ID: 'card-2' });
    await scene.clock.pass(0);
    late.forEach((answer) => answer([{ result: 'error', errorCode: 'Call card is undefined' }]));
    await scene.clock.pass(0);
    const sent = scene.portal.commands.length;
    await scene.becomes({ state: 'held', my_leg: 'up', actions: ['hangup', 'unhold'], version: 10 });
    expect(scene.portal.commands.length).toBeGreaterThan(sent);
    expect(scene.hidden).toEqual([]);
  });

  it('finds room: what only says how a call ended goes when another lives', async () => {
    const ended: CallChanged = { ...call, direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'busy' };
    await scene.raised(ended);
    expect(scene.portal.sent('CallCardClose')).toEqual([]);
    scene.phone.view.set(view(ended, { ...call, entity: 'call:2', call_id: '2' }));
    await scene.clock.pass(0);
    expect(scene.portal.commands.at(-1)?.[0]).toBe('CallCardClose');
  });
});

describe('several frames of one page', () => {
  it('leave the card to the one whose turn it is', async () => {
    scene.leads = false;
    await scene.raised(call);
    scene.portal.fire('answerButtonClick');
    expect(scene.portal.commands).toEqual([]);
    expect(scene.phone.asked).toEqual([]);
  });

  it('take the card over when that one closes', async () => {
    scene.leads = false;
    await scene.raised(call);
    scene.waiting.forEach((lead) => lead());
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming']);
  });
});

describe('a portal with its quirks', () => {
  it('does not hold up the next command by staying silent', async () => {
    scene.portal.silent = true;
    await scene.raised(call);
    await scene.clock.pass(5_000);
    expect(scene.portal.commands.map(([name]) => name)).toEqual([
      'CallCardSetCardTitle',
      'CallCardSetUiState',
      'CallCardSetStatusText',
    ]);
  });

  it('gets no more commands for a card it does not have', async () => {
    await scene.raised(call);
    scene.portal.gone = true;
    await scene.becomes({ state: 'talking', my_leg: 'up' });
    const sent = scene.portal.commands.length;
    await scene.becomes({ state: 'held', my_leg: 'up', version: 10 });
    expect(scene.portal.commands).toHaveLength(sent);
  });

  it('hides the card behind a call list: whoever can is told of the live call, once', async () => {
    scene.portal.gone = true;
    await scene.raised(call);
    expect(scene.hidden).toEqual([call.call_id]);
    expect(scene.released).toBe(1);
    scene.portal.fire('answerButtonClick');
    await scene.becomes({ state: 'talking', my_leg: 'up' });
    expect(scene.hidden).toHaveLength(1);
    expect(scene.phone.asked).toEqual([]);
  });

  it('that lacks a state is not asked for it', async () => {
    scene.portal.states = ['incoming', 'connected'];
    await scene.raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await scene.becomes({ direction: 'outbound', state: 'talking', my_leg: 'up' });
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['connected']);
  });

  it.each([[[{ result: 'error', errorCode: 'x' }]], [[]], [null], ['incoming']])(
    'that names its states as %o is believed to have all',
    async (states) => {
      scene.portal.states = states;
      await scene.raised(call);
      expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming']);
    },
  );

  it('of the desktop application refuses without an array', async () => {
    await scene.raised(call);
    scene.portal.call = () => Promise.resolve({ result: 'error', errorCode: 'Call card is undefined' });
    await scene.becomes({ state: 'talking', my_leg: 'up' });
    expect(scene.hidden).toEqual([call.call_id]);
  });

  it('may tell of a click long after it drew the card', async () => {
    scene.answers = [null, null, null, null, null, null, call.call_id];
    await scene.raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await scene.clock.pass(21_000);
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['connectingOutgoing']);
  });

  it('may show the card before our server knows its number', async () => {
    scene.answers = [null, new Error('away'), call.call_id];
    await scene.raised(call);
    await scene.clock.pass(1_500);
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming']);
  });

  it('keeps cards that are not ours', async () => {
    scene.answers = [null];
    await scene.raised(call);
    await scene.clock.pass(30_000);
    expect(scene.portal.commands).toEqual([]);
    expect(scene.released).toBe(1);
  });

  it('has a card left over from a call that is gone closed', async () => {
    await scene.raised();
    await scene.clock.pass(7_000);
    expect(scene.portal.sent('CallCardClose')).toHaveLength(1);
  });
});
