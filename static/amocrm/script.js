/*
 * Dozvon in an amoCRM page: a launcher and a bridge, nothing more.
 *
 * The phone itself (cards, socket, state) lives in a frame of the Dozvon server's origin. This
 * module proves to that server who the user is (amoCRM's disposable token), hands the session to
 * the frame, and gives the frame room on the page. The server's address is the one setting.
 *
 * The platform calls `render` again on every page, and `init` before or after `bind_actions`:
 * nothing here depends on the order. `destroy` undoes everything.
 */
define([
  './lib/page.js',
  './lib/panel.js',
  './lib/server.js',
  './lib/voice.js',
  './lib/notice.js',
  './lib/writing.js',
  './lib/marked.js',
  './lib/settings.js',
  'jquery'
], function (page, Panel, Server, Voice, Notice, Writing, marked, SettingsFrame, $) {
  'use strict';

  /* After a failed session request: first wait and the longest, milliseconds. */
  var FIRST_RETRY_MS = 2000;
  var LONGEST_RETRY_MS = 60000;
  /* How long after an installation the server may still be exchanging its code, milliseconds, and
     after which part of it an administrator is told that nothing came of it so far. */
  var SETTLING_MS = 30000;
  var PATIENCE_MS = 5000;

  /* When the widget was installed in this very page, by the page's clock. The object that was shown
     in the marketplace is not the one that starts afterwards: both find it here. */
  var installedAt = -Infinity;

  return function CustomWidget() {
    var self = this;
    var panel = null;
    var notice = null;
    var settings = null;
    /* Speaks for the frame where the frame may not hear its user. */
    var voice = null;
    /* Knows of unsaved forms in the page. */
    var writing = null;
    /* The promise of the present session; asked for again when it ends. */
    var session = null;
    var server = null;
    /* Undoes what was added to the page. */
    var undo = [];
    var stopped = false;
    /* What to tell the frame of a number that was clicked before the panel was there. */
    var waiting = null;

    function words() {
      return self.i18n('userLang');
    }

    function listen(target, name, handler) {
      target.addEventListener(name, handler);
      undo.push(function () { target.removeEventListener(name, handler); });
    }

    /* A user without a phone gets no panel; a server that is away is asked again, ever slower, and
       so is one that does not know the account where an administrator may be connecting it. */
    function start(wait) {
      session = Server.session(self, server, '');
      session.then(draw, function (reply) {
        var status = reply && reply.status;
        var installed = performance.now() - installedAt;
        if (stopped) { return; }
        if (page.isAdmin() && installed > PATIENCE_MS) { look(); }
        if (installed > SETTLING_MS && refused(status)) { return; }
        setTimeout(function () {
          if (!stopped) { start(Math.min(wait * 2, LONGEST_RETRY_MS)); }
        }, wait * (0.5 + Math.random()));
      });
    }

    function refused(status) {
      return status === 403 || status === 404 || (status === 401 && !page.isAdmin());
    }

    /* For administrators: does the connection work, and if not, what is to be done? */
    function look() {
      Server.connection(self, server).then(
        function (told) {
          if (told.reconnect) { say(words().lost, told.reconnect); } else { hush(); }
        },
        function () {
          /* An account the server does not know gets no answer it may read: is the server there? */
          Server.knows(server, self.get_settings().oauth_client_uuid).then(
            function (known) {
              if (known) { say(words().unknown, server + '/amocrm/connect'); }
            },
            function () {
              /* It is away: the next request for a session will tell. */
            }
          );
        }
      );
    }

    function say(text, address) {
      if (stopped) { return; }
      hush();
      notice = new Notice(words(), text, address);
    }

    function hush() {
      if (notice) { notice.remove(); }
      notice = null;
    }

    function draw() {
      if (panel || stopped) { return; }
      panel = new Panel(words(), server, heard);
      voice = new Voice(server);
      writing = new Writing(panel.root);
      undo.push(writing.stop);
      listen(window, 'message', function (event) {
        if (panel && panel.bridge.isReady(event)) {
          voice.end();
          session.then(function (fresh) {
            if (!panel) { return; }
            panel.bridge.connect(fresh);
            if (waiting) { panel.bridge.tell(waiting); }
            waiting = null;
          });
        }
      });
      listen(window, 'resize', panel.arrange);
      undo.push(page.watchTheme(function () { panel.refresh(); }));
      addMenuButton();
      if (page.isAdmin()) { look(); }
    }

    /* The left menu's phone button brings a hidden panel back; not every page version has it. */
    function addMenuButton() {
      if (!APP.widgets || typeof APP.widgets.notificationsPhone !== 'function') { return; }
      APP.widgets.notificationsPhone({ ns: self.ns, click: function () { panel.open(); } });
      undo.push(function () {
        if (typeof APP.widgets.destroyNotificationsPhone === 'function') {
          APP.widgets.destroyNotificationsPhone({ ns: self.ns });
        }
      });
    }

    function heard(message, port) {
      if (message.type === 'navigate') { page.navigate(message.url, panel.root); }
      if (message.type === 'open_card') { openCard(message.url); }
      if (message.type === 'calling' && APP.sdk) { APP.sdk.setCallingStatus(message.on === true); }
      if (message.type === 'why_over') { explain(); }
      if (message.type === 'voice' && port) { voice.begin(message.module, port); }
      if (message.type === 'sign_in') {
        session = Server.session(self, server, '');
        session.then(panel.bridge.reload, function () {
          /* The frame keeps saying that the session is over; its button asks again. */
        });
      }
    }

    /* Nobody pressed anything: a form that somebody is filling in stays. */
    function openCard(url) {
      var free = !writing.unsaved();
      if (free) { page.navigate(url, panel.root); }
      panel.bridge.tell({ type: 'opened', url: url, opened: free });
    }

    /* Whether this user would get a session now, and if not, why: the frame says it. */
    function explain() {
      function tell(why) {
        if (panel) { panel.bridge.tell({ type: 'over', why: why }); }
      }
      Server.session(self, server, '').then(
        function () { tell(''); },
        function (reply) {
          var error = ((reply && reply.responseJSON) || {}).error || {};
          tell(String((error.data && error.data.why) || ''));
        }
      );
    }

    function dial(data) {
      var called = page.numberOf(data && data.value);
      var wish = {
        type: 'dial',
        number: called.number,
        extension: called.extension,
        record: page.recordOf(data)
      };
      if (!called.number) { return; }
      if (!panel) {
        /* The page has just been opened: the number is called as soon as the phone is there. */
        waiting = wish;
        return;
      }
      panel.open();
      panel.bridge.tell(wish);
    }

    function complain(text) {
      APP.notifications.show_message_error({ header: words().product, text: text });
      return false;
    }

    /* Rows were ticked and our name was chosen in the menu of what can be done with them. */
    function take() {
      if (!panel) { return complain(words().not_yet); }
      var found = marked(self.list_selected());
      panel.open();
      panel.bridge.tell({ type: 'marked', items: found.items, offered: found.offered });
      return true;
    }

    function stop() {
      stopped = true;
      undo.splice(0).forEach(function (one) { one(); });
      hush();
      if (settings) { settings.remove(); }
      if (voice) { voice.end(); }
      if (panel) { panel.remove(); }
      voice = null;
      panel = null;
      settings = null;
      session = null;
      waiting = null;
    }

    this.callbacks = {
      render: function () {
        if (settings && !settings.isDrawn()) {
          settings.remove();
          settings = null;
        }
        if (panel) {
          panel.refresh();
          return true;
        }
        server = page.originOf(self.get_settings().server);
        if (server && !session) {
          stopped = false;
          start(FIRST_RETRY_MS);
        }
        return true;
      },
      init: function () {
        return true;
      },
      bind_actions: function () {
        self.add_action('phone', dial);
        return true;
      },
      contacts: { selected: take },
      leads: { selected: take },
      settings: function () {
        return true;
      },
      advancedSettings: function () {
        var holder = document.getElementById('list_page_holder');
        if (holder && server) {
          if (settings) { settings.remove(); }
          settings = new SettingsFrame(self, words(), server, $(holder));
        }
        return true;
      },
      onInstall: function () {
        installedAt = performance.now();
      },
      /* True only when the address leads to a server that knows this integration, and, once it is
         installed, when that server is connected to this account. */
      onSave: function (data) {
        var before = self.get_settings();
        var wished = page.originOf(data.fields && data.fields.server);
        if (data.active === 'N') { return true; }
        if (!page.isAdmin()) { return complain(words().admins_install); }
        if (!wished) { return complain(words().bad_address); }
        return Server.knows(wished, before.oauth_client_uuid).then(
          function (known) {
            if (!known) { return complain(words().unknown_integration); }
            if (before.active !== 'Y') { return true; }
            return Server.connection(self, wished).then(
              function (told) { return told.state === 'ok' ? true : complain(words().lost); },
              function () { return complain(words().unknown); }
            );
          },
          function () { return complain(words().no_answer); }
        );
      },
      destroy: function () {
        stop();
      }
    };
    return this;
  };
});
