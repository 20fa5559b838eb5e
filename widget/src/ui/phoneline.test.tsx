// @vitest-environment happy-dom
import { render } from 'preact';
import { act } from 'preact/test-utils';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PhonePart } from '../protocol/messages';
import { show, TAB, type Scene } from './phonescene';

let root: HTMLElement;

beforeEach(() => {
  root = document.createElement('div');
  document.body.append(root);
  vi.stubGlobal('RTCPeerConnection', () => undefined);
  vi.stubGlobal('isSecureContext', true);
});

afterEach(async () => {
  await act(() => render(null, root));
  root.remove();
  vi.unstubAllGlobals();
});

it('lets the headset be changed while the server is away, and says nothing of the phone', async () => {
  await show(root, { connection: { phase: 'offline' } });
  expect(root.querySelector('select')).not.toBeNull();
  expect(root.querySelector('[role=status]')).toBeNull();
});

it('names a chosen device that is unplugged', async () => {
  await show(root, { memory: { get: (key) => (key === 'microphone' ? 'headset' : null) } });
  const select = root.querySelector('select');
  expect(select?.value).toBe('headset');
  expect(select?.selectedOptions[0]?.textContent).toBe('Выбранное (отключено)');
});

it('says that the server alone chooses where tabs cannot agree', async () => {
  await show(root, { voice: { alone: true } });
  expect(root.textContent).toContain('выбирает только сервер');
  await show(root, { voice: { alone: false } });
  expect(root.textContent).not.toContain('выбирает только сервер');
});

/** The warning and its buttons, which are all pressed. */
async function warned(scene: Scene): Promise<{ text: string; pressed: string[] }> {
  const pressed = await show(root, scene);
  const banner = root.querySelector('.banner-warning');
  const buttons = [...root.querySelectorAll('button')];
  await act(() => {
    for (const button of buttons) button.click();
  });
  return { text: banner?.textContent ?? '', pressed };
}

function nowhere(part: PhonePart, voice: Scene['voice'] = {}): Scene {
  return { told: { tab: null, missing: [part] }, voice };
}

describe('why the browser is no phone, and what helps', () => {
  it.each<[string, Scene, string, string[]]>([
    ['no gesture', { told: { tab: TAB, missing: ['sound'] } }, 'не даёт этой вкладке звучать', ['sound']],
    ['never asked', nowhere('microphone_ask', { microphone: 'ask' }), 'Разрешите микрофон', ['allow']],
    ['no permission', nowhere('microphone_denied', { microphone: 'denied' }), 'Микрофон запрещён', []],
    ['no device', nowhere('microphone_absent', { microphone: 'absent' }), 'Микрофон не найден', ['allow']],
    [
      'Permissions-Policy',
      { ...nowhere('microphone_blocked', { microphone: 'blocked' }), hasWindow: true },
      'CRM не даёт этой странице микрофон',
      ['window'],
    ],
    [
      'Permissions-Policy, and no window',
      nowhere('microphone_blocked', { microphone: 'blocked' }),
      'правила браузера не дают микрофон',
      [],
    ],
  ])('%s', async (_, scene, text, helps) => {
    const seen = await warned(scene);
    expect(seen.text).toContain(text);
    expect(seen.pressed).toEqual(helps);
  });

  it('an insecure page', async () => {
    vi.stubGlobal('isSecureContext', false);
    const insecure = nowhere('microphone_blocked', { microphone: 'blocked' });
    const seen = await warned({ ...insecure, hasWindow: true });
    expect(seen.text).toContain('только страницам по https');
    expect(seen.pressed).toEqual([]);
  });

  it('third-party storage that is blocked, which costs the choice of devices and not the phone', async () => {
    await show(root, { memory: { lasts: false }, told: { tab: TAB, missing: [] } });
    expect(root.textContent).toContain('Телефон готов');
    const note = root.querySelector('.storage-note');
    expect(note?.textContent).toContain('запрещает хранить данные');
    expect(note?.closest('details')).toBeNull();
    await show(root, { told: { tab: TAB, missing: [] } });
    expect(root.querySelector('.storage-note')).toBeNull();
  });
});
