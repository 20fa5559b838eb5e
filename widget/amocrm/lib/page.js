/* The page around: its address, its theme, its records. Everything here is read, nothing changed. */
define([], function () {
  'use strict';

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
    language: function () { return APP.lang_id || 'ru'; }
  };
});
