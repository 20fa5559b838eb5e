/*
 * A frame of the Dozvon server in the page, and the private line to it.
 *
 * The frame says `ready` to its exact opener; messages are taken from exactly one window of exactly
 * one origin. The answer carries a MessagePort, and everything after travels over that.
 */
define(['jquery', './page.js'], function ($, page) {
  'use strict';

  /* Must equal BRIDGE_VERSION of the frame. */
  var BRIDGE_VERSION = 1;

  /* `path` is the frame's page on `server`; `heard(message, port)` is told what the frame says.
   * A port comes with what the two ends go on with by themselves. */
  function Bridge(frame, server, path, heard) {
    var port = null;

    function look() {
      return { locale: page.language(), theme: page.isDark() ? 'dark' : 'light' };
    }

    /* The last for a switch at the office: since Chrome 142 a frame needs it to reach one. */
    frame.allow =
      'microphone; autoplay; speaker-selection; clipboard-write; local-network-access';
    frame.src =
      server + path + '?origin=' + encodeURIComponent(location.origin) +
      '&locale=' + encodeURIComponent(page.language());

    this.isReady = function (event) {
      var data = event.data;
      return event.origin === server && event.source === frame.contentWindow &&
        data !== null && typeof data === 'object' &&
        data.dozvon === BRIDGE_VERSION && data.type === 'ready';
    };

    /* Gives the frame its session and a port nobody else can reach. */
    this.connect = function (session) {
      var channel = new MessageChannel();
      if (port) { port.close(); }
      port = channel.port1;
      port.onmessage = function (event) { heard(event.data || {}, event.ports[0]); };
      frame.contentWindow.postMessage(
        $.extend(
          {
            dozvon: BRIDGE_VERSION,
            type: 'connect',
            token: session.token,
            expires_at: session.expires_at
          },
          look()
        ),
        server,
        [channel.port2]
      );
    };

    this.tell = function (message) {
      if (port) { port.postMessage(message); }
    };

    this.refresh = function () { this.tell($.extend({ type: 'page' }, look())); };
    this.reload = function () { frame.src = String(frame.src); };
    this.close = function () { if (port) { port.close(); } };
  }

  return Bridge;
});
