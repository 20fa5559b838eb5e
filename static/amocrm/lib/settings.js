/* The settings page of the Dozvon server on amoCRM's own page of advanced settings. */
define(['jquery', './bridge.js', './page.js', './server.js'], function ($, Bridge, page, Server) {
  'use strict';

  var HEIGHT = 'calc(100vh - 140px)';

  /* Draws the frame into `$holder`; `remove` takes it away again. */
  function SettingsFrame(widget, words, server, $holder) {
    var frame = document.createElement('iframe');
    var undo = [];
    var bridge = new Bridge(frame, server, '/amocrm/settings', heard);

    function connect() {
      Server.session(widget, server, 'settings').then(bridge.connect, function () {
        var sorry = document.createElement('p');
        sorry.textContent = words.no_settings;
        $holder.empty().append(sorry);
      });
    }

    function heard(message) {
      if (message.type === 'navigate') { page.navigate(message.url, document.body); }
      if (message.type === 'sign_in') { connect(); }
    }

    function listen(event) {
      if (bridge.isReady(event)) { connect(); }
    }

    frame.title = words.product;
    frame.style.cssText = 'display:block;width:100%;border:0;height:' + HEIGHT;
    $holder.empty().append(frame);
    window.addEventListener('message', listen);
    undo.push(
      function () { window.removeEventListener('message', listen); },
      page.watchTheme(function () { bridge.refresh(); })
    );

    this.isDrawn = function () { return document.body.contains(frame); };

    this.remove = function () {
      undo.splice(0).forEach(function (one) { one(); });
      bridge.close();
      $(frame).remove();
    };
  }

  return SettingsFrame;
});
