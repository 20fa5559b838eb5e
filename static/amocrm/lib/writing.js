/*
 * Whether somebody writes in the page around: what is typed and not saved is never thrown away by
 * a card that opens by itself.
 *
 * The platform says nothing of unsaved forms, so the fields themselves are looked at: one that was
 * touched, is still on the page and holds something else than when it was entered is unsaved. After
 * a save a field may stay changed until the page is drawn anew: then the person opens the card.
 */
define([], function () {
  'use strict';

  /* `own`: our panel, whose fields are nobody's form. */
  function Writing(own) {
    var before = new Map();

    function textOf(field) {
      if (field.type === 'checkbox' || field.type === 'radio') { return String(field.checked); }
      return field.isContentEditable ? field.textContent : field.value;
    }

    function inCard() {
      return typeof APP !== 'undefined' && Boolean(APP.data && APP.data.current_card);
    }

    function entered(event) {
      var field = event.target;
      if (!(field instanceof HTMLElement) || own.contains(field) || before.has(field)) { return; }
      if (field.type === 'search' || field.type === 'password') { return; }
      /* Ticks of a list mark rows; only those of a card are part of a form. */
      if ((field.type === 'checkbox' || field.type === 'radio') && !inCard()) { return; }
      if (field.isContentEditable || typeof field.value === 'string') {
        before.set(field, textOf(field));
      }
    }

    document.addEventListener('focusin', entered, true);

    this.unsaved = function () {
      var found = false;
      before.forEach(function (text, field) {
        if (!field.isConnected) {
          before.delete(field);
        } else if (field.getClientRects().length > 0 && textOf(field) !== text) {
          found = true;
        }
      });
      return found;
    };
    this.stop = function () {
      document.removeEventListener('focusin', entered, true);
      before.clear();
    };
  }

  return Writing;
});
