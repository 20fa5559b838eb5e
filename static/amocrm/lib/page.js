/* The page around: its address, its theme, its records. Everything here is read, nothing changed. */
define([], function () {
  'use strict';

  /* Numbers and names of the kinds of records that have telephones. */
  var KINDS = {
    1: 'contact',
    3: 'company',
    contact: 'contact',
    contacts: 'contact',
    company: 'company',
    companies: 'company'
  };

  /* The address without its path, or null when it is none that a page may trust. */
  function originOf(address) {
    try {
      var url = new URL(String(address || '').trim());
      var local = url.hostname === 'localhost' || /\.localhost$/.test(url.hostname);
      return url.protocol === 'https:' || (url.protocol === 'http:' && local) ? url.origin : null;
    } catch (error) {
      return null;
    }
  }

  function isDark() {
    return document.documentElement.getAttribute('data-color-scheme') === 'dark';
  }

  /* Calls `changed` when the page changes its theme; the result stops that. */
  function watchTheme(changed) {
    var theme = new MutationObserver(changed);
    theme.observe(document.documentElement, { attributeFilter: ['data-color-scheme'] });
    return function () { theme.disconnect(); };
  }

  /* Records of this account open in the page itself, anything else in a tab of its own. `root` is
     where the link stands for a moment: the page's router takes clicks on such links. */
  function navigate(address, root) {
    var url;
    try {
      url = new URL(String(address), location.href);
    } catch (error) {
      return;
    }
    if (url.protocol !== 'https:' && url.protocol !== 'http:') { return; }
    if (url.origin !== location.origin) {
      window.open(url.href, '_blank', 'noopener');
      return;
    }
    var link = document.createElement('a');
    link.href = url.pathname + url.search;
    link.className = 'js-navigate-link';
    root.append(link);
    link.click();
    link.remove();
  }

  /* `{number, extension}` of a number as people write it in a card: "+7 495 111-22-33 доб. 214",
     "84951112233,,214", "tel:+74951112233;ext=214". Commas are pauses and stay. */
  function numberOf(value) {
    var text = String(value || '');
    var parts = /^(.*?\d.*?)(?:;ext=|доб\D*|вн\D*|ext\D*|[xх]|(?=,))([\d*#,\s-]+)$/i.exec(text);
    var extension = parts ? parts[2].replace(/[^\d*#,]/g, '').slice(0, 20) : '';
    return {
      number: (parts ? parts[1] : text).replace(/[^\d+*#]/g, ''),
      extension: /[\d*#]/.test(extension) ? extension : null
    };
  }

  /* `{kind, id}` of the contact or company whose number was clicked, or null. Only `data.value` is
     promised by the platform: what else comes differs between cards and lists. */
  function recordOf(data) {
    var model = (data && data.model) || {};
    var has = model.attributes || model;
    var kind = KINDS[has.ELEMENT_TYPE || has.element_type] || KINDS[has.entity];
    var id = String(has.ID || has.id || '');
    var card = APP.data && APP.data.current_card;
    if (!kind && card && card.id) {
      kind = KINDS[card.element_type];
      id = String(card.id);
    }
    return kind && /^\d+$/.test(id) && id !== '0' ? { kind: kind, id: id } : null;
  }

  /* Is the user of this page an administrator? The server checks that by itself. */
  function isAdmin() {
    var rights = typeof APP.constant === 'function' && APP.constant('user_rights');
    return Boolean(rights && rights.is_admin);
  }

  return {
    originOf: originOf,
    isDark: isDark,
    watchTheme: watchTheme,
    navigate: navigate,
    isAdmin: isAdmin,
    numberOf: numberOf,
    recordOf: recordOf,
    language: function () { return APP.lang_id || 'ru'; }
  };
});
