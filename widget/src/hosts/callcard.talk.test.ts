import { beforeEach, describe, expect, it } from 'vitest';
import type { CallChanged } from '../protocol/messages';
import { settle } from '../testing';
import { call, Scene } from './cardscene';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const talk: CallChanged = {
  ...call,
  state: 'talking',
  my_leg: 'up',
  actions: ['hangup', 'hold'],
};
const ID = { call_id: call.call_id };
const first = `b24_1_${call.call_id}`;
const step = {
  kind: 'attended',
  phase: 'ringing',
  role: 'sender',
  target: 'Борис',
  by: 'Анна',
  reason: null,
  note: null,
  swapped: false,
} as const;

function asked(): unknown[] {
  return scene.phone.asked.map(([ask]) => ask);
}

describe('the portal\'s buttons of a talk', () => {
  it('mute at the switch, and are put back where it cannot', async () => {
    await scene.raised({ ...talk, controls: ['mute'] });
    scene.portal.fire('muteButtonClick', true);
    expect(scene.phone.asked).toEqual([[{ type: 'call.mute', ...ID, on: true }, first]]);
    await scene.becomes({ ...talk, muted: true, controls: ['unmute'] });
    // Unmuted in another tab: the portal's card follows.
    await scene.becomes({ ...talk, version: 10, muted: false, controls: [] });
    expect(scene.portal.sent('CallCardSetMute')).toEqual([false]);
    await scene.clock.pass(500);
    scene.portal.fire('muteButtonClick', true);
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetMute')).toEqual([false, false]);
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toContain('Выключите микрофон');
  });

  it.each([
    [{ phoneNumber: '102', target: '7' }, { crm_user: '7' }],
    [{ phoneNumber: '102', target: 7 }, { crm_user: '7' }],
    [{ phoneNumber: '+7 916 000-00-01', target: '+79160000001' }, { number: '+79160000001' }],
    [{ phoneNumber: '600', target: '600' }, { number: '600' }],
  ])('pass the call to whom the portal names: %o', async (named, to) => {
    await scene.raised({ ...talk, controls: ['transfer_blind', 'transfer_attended'] });
    scene.portal.fire('transferButtonClick', named);
    expect(asked()).toEqual([{ type: 'call.transfer', ...ID, kind: 'attended', ...to }]);
  });

  it('complete a transfer or take it back', async () => {
    const held = { ...talk, state: 'held', transfer: step } as const;
    await scene.raised({ ...held, controls: ['transfer_complete', 'transfer_cancel'] });
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['transferring']);
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toBe('Перевод: Борис');
    scene.portal.fire('completeTransferButtonClick');
    scene.portal.fire('cancelTransferButtonClick');
    expect(asked()).toEqual([
      { type: 'call.transfer_complete', ...ID },
      { type: 'call.transfer_cancel', ...ID },
    ]);
    await scene.becomes({ ...talk, transfer: { ...step, phase: 'failed', reason: 'busy' } });
    expect(scene.portal.sent('CallCardSetUiState').at(-1)).toBe('connected');
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toBe('Не переведён: Борис');
  });

  it('of the target show who passes the call on, and why', async () => {
    const note = 'Просит скидку';
    await scene.raised({ ...call, transfer: { ...step, kind: 'blind', role: 'target', note } });
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['transferIncoming']);
    expect(scene.portal.sent('CallCardSetStatusText')).toEqual(['Переводит Анна: Просит скидку']);
  });

  it('on keys are heard at once; after # they are a number to pass the call to', async () => {
    await scene.raised({ ...talk, controls: ['keypad', 'transfer_blind'] });
    scene.portal.fire('dialpadButtonClick', '5');
    expect(asked()).toEqual([{ type: 'call.dtmf', ...ID, digits: '5' }]);
    for (const key of '#102') {
      scene.portal.fire('dialpadButtonClick', key);
      await scene.clock.pass(600);
    }
    expect(asked()).toHaveLength(1);
    await scene.clock.pass(3_000);
    expect(asked().at(-1)).toEqual({ type: 'call.transfer', ...ID, kind: 'blind', number: '102' });
    scene.portal.fire('dialpadButtonClick', '#');
    await scene.clock.pass(3_500);
    expect(asked().at(-1)).toEqual({ type: 'call.dtmf', ...ID, digits: '#' });
    expect(asked()).toHaveLength(3);
  });

  it('that the server refuses say that the talk goes on', async () => {
    scene.phone.works = false;
    await scene.raised({ ...talk, controls: ['transfer_blind'] });
    scene.portal.fire('transferButtonClick', { phoneNumber: '102', target: '7' });
    await settle();
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toContain('разговор продолжается');
  });
});
