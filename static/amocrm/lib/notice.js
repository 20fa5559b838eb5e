/* One sentence and one button for an administrator, above the launcher; closed with its cross. */
define(['./page.js', './style.js'], function (page, STYLE) {
  'use strict';

  function Notice(words, text, address) {
    var root = document.createElement('div');
    var shadow = root.attachShadow({ mode: 'open' });
    var style = document.createElement('style');
    var box = document.createElement('div');
    var sentence = document.createElement('p');
    var link = document.createElement('a');
    var close = document.createElement('button');

    style.textContent = STYLE;
    box.className = page.isDark() ? 'notice dark' : 'notice';
    box.setAttribute('role', 'status');
    sentence.textContent = text;
    link.textContent = words.connect;
    link.href = address;
    link.target = '_blank';
    link.rel = 'noopener';
    close.type = 'button';
    close.className = 'close';
    close.title = words.close;
    close.setAttribute('aria-label', words.close);
    close.textContent = '\u00d7';
    close.addEventListener('click', function () { root.remove(); });
    box.append(sentence, link, close);
    shadow.append(style, box);
    document.body.append(root);

    this.remove = function () { root.remove(); };
  }

  return Notice;
});
