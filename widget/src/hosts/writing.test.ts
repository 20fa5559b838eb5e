// @vitest-environment happy-dom
/** A card that opens by itself throws away nothing that somebody writes in the CRM's page. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';

interface Writing {
  unsaved(): boolean;
  stop(): void;
}

function load(): new (own: HTMLElement) => Writing {
  let made: unknown;
  const text = readFileSync(`${process.cwd()}/amocrm/lib/writing.js`, 'utf8');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- as the platform's loader does it
  const run = new Function('define', text) as (define: unknown) => void;
  run((_needs: string[], make: () => unknown) => (made = make()));
  return made as new (own: HTMLElement) => Writing;
}

const Watch = load();
let own: HTMLElement;
let writing: Writing;

beforeEach(() => {
  document.body.innerHTML = '<div id="own"><input id="ours"></div><input id="name" value="Maria">';
  own = document.getElementById('own') as HTMLElement;
  writing = new Watch(own);
  // This page has no layout: everything of it is in sight.
  HTMLElement.prototype.getClientRects = () => [{}] as unknown as DOMRectList;
});

afterEach(() => writing.stop());

function type(id: string, text: string): HTMLInputElement {
  const field = document.getElementById(id) as HTMLInputElement;
  field.dispatchEvent(new Event('focusin', { bubbles: true }));
  field.value = text;
  return field;
}

it('is unsaved while a field holds something else than when it was entered', () => {
  expect(writing.unsaved()).toBe(false);
  type('name', 'Maria S.');
  expect(writing.unsaved()).toBe(true);
  type('name', 'Maria');
  expect(writing.unsaved()).toBe(false);
});

it('forgets fields that are gone with their page', () => {
  type('name', 'Maria S.').remove();
  expect(writing.unsaved()).toBe(false);
});

it('takes ticks of a list for no form', () => {
  document.body.insertAdjacentHTML('beforeend', '<input id="row" type="checkbox">');
  const row = document.getElementById('row') as HTMLInputElement;
  row.dispatchEvent(new Event('focusin', { bubbles: true }));
  row.checked = true;
  expect(writing.unsaved()).toBe(false);
});

it('has no eyes for our own panel', () => {
  type('ours', '+7');
  expect(writing.unsaved()).toBe(false);
});
