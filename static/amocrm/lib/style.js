/* How the panel looks; it lives in a shadow tree, so that neither page changes the other. */
define([], function () {
  'use strict';

  return [
    ':host { all: initial; position: fixed; z-index: 1000; inset: auto 0 0 auto; }',
    '* { box-sizing: border-box; font: 14px/20px system-ui, sans-serif; }',
    '.panel, .launcher { position: fixed; color: #15202b; background: #fff; }',
    '.panel { display: flex; flex-direction: column; border: 1px solid #dbe1e6; border-radius: 12px;',
    '  overflow: hidden; box-shadow: 0 8px 32px rgb(21 32 43 / 22%); }',
    '.panel[data-shown="false"] { visibility: hidden; pointer-events: none; }',
    '.panel[data-ringing="true"] { border-color: #0f766e; box-shadow: 0 0 0 2px #0f766e, 0 8px 32px rgb(21 32 43 / 22%); }',
    '.bar { display: flex; flex: none; align-items: stretch; height: 44px; background: #f6f8f9; }',
    '.grip { flex: 1; padding: 0 16px; text-align: left; font-weight: 600; cursor: move; touch-action: none; }',
    'button { border: 0; color: inherit; background: none; cursor: pointer; }',
    'button:focus-visible { outline: 2px solid #0f766e; outline-offset: -2px; }',
    '.tool { width: 44px; font-size: 18px; }',
    '.tool:hover { background: #e3e8ec; }',
    'iframe { flex: 1; width: 100%; border: 0; background: #fff; }',
    '.launcher { right: 16px; bottom: 16px; display: flex; align-items: center; justify-content: center;',
    '  width: 52px; height: 52px; border-radius: 50%; color: #fff; background: #0f766e;',
    '  box-shadow: 0 4px 16px rgb(21 32 43 / 30%); }',
    '.launcher[data-edge="true"] { right: 0; width: 24px; height: 44px; border-radius: 12px 0 0 12px; opacity: 0.75; }',
    '.launcher[data-edge="true"] svg { width: 14px; }',
    '.launcher[hidden] { display: none; }',
    '.dark { color: #e8edf1; background: #151b21; border-color: #333f4a; }',
    '.dark .bar { background: #1d252d; }',
    '.dark .tool:hover { background: #333f4a; }',
    '.dark iframe { background: #151b21; }',
    '.notice { position: fixed; right: 16px; bottom: 84px; width: 320px; padding: 16px; color: #15202b;',
    '  background: #fff; border: 1px solid #dbe1e6; border-radius: 12px; box-shadow: 0 8px 32px rgb(21 32 43 / 22%); }',
    '.notice p { margin: 0 0 12px; }',
    '.notice a { display: inline-block; padding: 8px 16px; color: #fff; background: #0f766e; border-radius: 8px;',
    '  font-weight: 600; text-decoration: none; }',
    '.notice .close { position: absolute; top: 4px; right: 4px; width: 32px; height: 32px; font-size: 18px; }',
    '.dark.notice { color: #e8edf1; background: #151b21; border-color: #333f4a; }'
  ].join('\n');
});
