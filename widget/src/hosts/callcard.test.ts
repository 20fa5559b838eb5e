import { beforeEach, describe, expect, it } from 'vitest';
import contactJson from '../../../protocol/fixtures/contact.changed.json';
import type { CallChanged, Push } from '../protocol/messages';
import { reduce } from '../state/reducer';
import { settle } from '../testing';
import type { View } from '../phone';
import { Scene, call, view } from './cardscene';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

describe('a card of our call', () => {
  it('shows who calls, from where, and rings', async () => {
    await scene.raised(call);
    expect(scene.portal.commands).toEqual([
      ['CallCardSetCardTitle', { title: 'Мария Седова' }],
      ['CallCardSetUiState', { uiState: 'incoming' }],
      ['CallCardSetStatusText', { statusText: 'Сайт · Отдел продаж' }],
    ]);
  });

  it('gets no command before it is initialized', async () => {
    scene.phone.view.set(view(call));
    scene.driver();
    await scene.becomes({ state: 'talking' });
    expect(scene.portal.commands).toEqual([]);
  });

  it('follows the call and sends only what changed', async () => {
    await scene.raised(call);
    await scene.becomes({ state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    await scene.becomes({ state: 'held', my_leg: 'up', actions: ['hangup', 'unhold'] });
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming', 'connected']);
    expect(scene.portal.sent('CallCardSetHold')).toEqual([true]);
    expect(scene.portal.sent('CallCardSetCardTitle')).toHaveLength(1);
  });

  it('shows connecting while the answer is on its way', async () => {
    await scene.raised(call);
    scene.phone.view.set({ ...view(call), pending: new Set([`answer:${call.call_id}`]) });
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming', 'connectingIncoming']);
  });

  it('closes when the call is taken away, once', async () => {
    await scene.raised(call);
    scene.phone.view.set(view());
    scene.phone.view.set({ ...view(), skewMs: 1 });
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardClose')).toHaveLength(1);
  });

  it('offers to call again a number that was not reached', async () => {
    await scene.raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await scene.becomes({ direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'busy' });
    scene.portal.fire('makeCallButtonClick');
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['connectingOutgoing', 'redial']);
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toBe('Номер занят');
    expect(scene.phone.asked).toEqual([['dial', call.number]]);
  });

  it('names a second caller in its status text', async () => {
    const talking: CallChanged = { ...call, state: 'talking', my_leg: 'up' };
    const other: CallChanged = {
      ...call,
      entity: 'call:2',
      call_id: '2',
      name: 'Пётр Власов',
    };
    await scene.raised(talking, other);
    expect(scene.portal.sent('CallCardSetStatusText')).toEqual(['Второй звонок: Пётр Власов']);
  });

  it('keeps a press made before it knew the call, and carries it out once', async () => {
    scene.phone.view.set(view());
    scene.driver();
    scene.portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
    scene.portal.fire('answerButtonClick');
    await scene.clock.pass(0);
    expect(scene.phone.asked).toEqual([]);
    scene.phone.view.set(view(call));
    scene.phone.view.set({ ...view(call), skewMs: 1 });
    expect(scene.phone.asked.map(([what]) => what)).toEqual(['answer']);
  });

  it('forgets an early press nobody means any more', async () => {
    scene.phone.view.set(view());
    scene.driver();
    scene.portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
    scene.portal.fire('answerButtonClick');
    await scene.clock.pass(5_500);
    scene.phone.view.set(view(call));
    expect(scene.phone.asked).toEqual([]);
  });

  it('says to pick up where answering from here is impossible', async () => {
    await scene.raised({ ...call, actions: ['decline'] });
    scene.portal.fire('answerButtonClick');
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetStatusText')[0]).toContain('Снимите трубку');
    expect(scene.phone.asked).toEqual([]);
    // The scene.portal moved to another state by itself: it is put back.
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming', 'incoming']);
  });
});

describe('clicks', () => {
  it('become commands with ids derived from the call', async () => {
    await scene.raised(call);
    scene.portal.fire('answerButtonClick');
    scene.portal.fire('skipButtonClick');
    expect(scene.phone.asked).toEqual([
      ['answer', call.call_id, `b24_1_${call.call_id}`],
      ['decline', call.call_id],
    ]);
  });

  it('go on being counted when the portal draws the card of a living call anew', async () => {
    await scene.raised(call);
    scene.portal.fire('answerButtonClick');
    scene.portal.fire('initialized', { CALL_ID: 'card-2', CALL_DIRECTION: 'incoming' });
    await scene.clock.pass(0);
    scene.portal.fire('initialized', { CALL_ID: 'card-1', CALL_DIRECTION: 'incoming' });
    await scene.clock.pass(3_000);
    scene.portal.fire('answerButtonClick');
    expect(scene.phone.asked.at(-1)).toEqual(['answer', call.call_id, `b24_2_${call.call_id}`]);
  });

  it('put the hold button back when the switch refused', async () => {
    await scene.raised({ ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    scene.phone.works = false;
    scene.portal.fire('holdButtonClick', true);
    await settle();
    await scene.clock.pass(0);
    expect(scene.phone.asked).toEqual([['hold', call.call_id, true]]);
    expect(scene.portal.sent('CallCardSetHold')).toEqual([false]);
  });

  it.each([
    ['muteButtonClick', true, 'Выключите микрофон'],
    ['transferButtonClick', { phoneNumber: '102', target: '7' }, 'Выберите сотрудника'],
    ['transferButtonClick', { department: 3 }, 'Выберите сотрудника'],
    ['dialpadButtonClick', '5', 'Наберите цифры'],
    ['qualityMeterClick', '3', 'Качество связи'],
    ['notifyAdminButtonClick', undefined, 'администратору'],
    ['addCommentButtonClick', 'перезвонить утром', 'Комментарий останется'],
    ['nextButtonClick', undefined, 'Сначала завершите'],
  ])('on %s are answered with what to do instead, for a moment', async (event, what, words) => {
    await scene.raised({ ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    scene.portal.fire(event, what);
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toContain(words);
    expect(scene.portal.sent('CallCardSetUiState').at(-1)).toBe('connected');
    await scene.clock.pass(6_500);
    expect(scene.portal.sent('CallCardSetStatusText').at(-1)).toBe('Сайт · Отдел продаж');
    expect(scene.phone.asked).toEqual([]);
  });

  it('fired twice by a portal are one press', async () => {
    await scene.raised({ ...call, state: 'talking', my_leg: 'up', actions: ['hangup', 'hold'] });
    scene.portal.fire('hangupButtonClick');
    scene.portal.fire('hangupButtonClick');
    scene.portal.fire('holdButtonClick', true);
    scene.portal.fire('holdButtonClick', false);
    expect(scene.phone.asked.map(([what]) => what)).toEqual(['hangup', 'hold', 'hold']);
    await scene.clock.pass(500);
    scene.portal.fire('hangupButtonClick');
    expect(scene.phone.asked.filter(([what]) => what === 'hangup')).toHaveLength(2);
  });

  it('on close put the ended call and its card away', async () => {
    const ended = { state: 'ended', outcome: 'failed', cause: 'invalid_number' } as const;
    await scene.raised({ ...call, direction: 'outbound', actions: ['dismiss'], ...ended });
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['error']);
    expect(scene.portal.sent('CallCardSetStatusText')).toEqual(['Такого номера не существует']);
    scene.portal.fire('closeButtonClick');
    await scene.clock.pass(0);
    expect(scene.phone.asked).toEqual([['dismiss', call.call_id]]);
    expect(scene.portal.sent('CallCardClose')).toHaveLength(1);
  });

  it('to call, on a call-back that rings, pick it up', async () => {
    await scene.raised({ ...call, direction: 'outbound', actions: ['answer', 'decline'] });
    expect(scene.portal.sent('CallCardSetUiState')).toEqual(['incoming']);
    scene.portal.fire('makeCallButtonClick');
    expect(scene.phone.asked.map(([what]) => what)).toEqual(['answer']);
  });

  it('to call again take the old card away before the new call is placed', async () => {
    await scene.raised({ ...call, direction: 'outbound', actions: ['hangup'] });
    await scene.becomes({ direction: 'outbound', state: 'ended', outcome: 'lost', cause: 'no_answer', actions: ['dismiss'] });
    scene.portal.fire('makeCallButtonClick');
    await scene.clock.pass(0);
    expect(scene.portal.commands.at(-1)?.[0]).toBe('CallCardClose');
    expect(scene.phone.asked.map(([what]) => what)).toEqual(['dismiss', 'dial']);
  });
});

describe('a record', () => {
  const two = (chosen: unknown): unknown => ({
    ...contactJson,
    entity: `contact:${call.call_id}`,
    call_id: call.call_id,
    lookup: 'found',
    chosen,
    matches: ['7', '8'].map((id) => ({
      ...contactJson.matches[0],
      record: { kind: 'contact', id },
      name: `Контакт ${id}`,
    })),
  });
  const found = (chosen: unknown = null): View => {
    const state = reduce(view(call).state, two(chosen) as Push);
    return { ...view(call), state };
  };
  const named = (id: number): Record<string, unknown> => ({
    PHONE_NUMBER: call.number,
    CRM_ENTITY_TYPE: 'CONTACT',
    CRM_ENTITY_ID: id,
  });

  it('the portal found by itself is nobody’s choice, before the card or with it', async () => {
    scene.phone.view.set(found());
    scene.driver();
    scene.portal.fire('entityChanged', named(7));
    scene.portal.fire('initialized', { CALL_ID: 'card-1', ...named(7) });
    scene.portal.fire('entityChanged', named(7));
    await scene.clock.pass(0);
    expect(scene.phone.asked).toEqual([]);
    expect(scene.portal.sent('CallCardSetCardTitle')).toEqual(['Мария Седова']);
  });

  it('the operator chooses on the card is chosen here, once, and names the card', async () => {
    scene.phone.view.set(view(call));
    scene.driver();
    scene.portal.fire('initialized', { CALL_ID: 'card-1', ...named(7) });
    await scene.clock.pass(0);
    scene.portal.fire('entityChanged', named(8));
    scene.phone.view.set(found());
    scene.phone.view.set({ ...found(), skewMs: 1 });
    expect(scene.phone.asked).toEqual([['choose', call.call_id, { kind: 'contact', id: '8' }]]);
    scene.phone.view.set(found({ kind: 'contact', id: '8' }));
    await scene.clock.pass(0);
    expect(scene.portal.sent('CallCardSetCardTitle').at(-1)).toBe('Контакт 8');
  });

  it.each([
    { CRM_ENTITY_TYPE: 'DEAL', CRM_ENTITY_ID: 3 },
    { CRM_ENTITY_TYPE: 'CONTACT', CRM_ENTITY_ID: 99 },
    { CRM_ENTITY_TYPE: '', CRM_ENTITY_ID: 0 },
    'nonsense',
    null,
  ])('that is none of the caller’s (%o) is left alone', async (argument) => {
    scene.phone.view.set(found());
    scene.driver();
    scene.portal.fire('initialized', { CALL_ID: 'card-1' });
    await scene.clock.pass(0);
    scene.portal.fire('entityChanged', argument);
    expect(scene.phone.asked).toEqual([]);
  });
});
