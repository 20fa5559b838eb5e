/*
 * The phone's voice in this page, for frames that may not hear their user: some policy of the page
 * or of the company keeps the microphone from frames of other sites.
 *
 * The frame stays the phone. It names the file of its own build and sends one end of a line of its
 * own; the file is the Dozvon server's, fetched by the page's loader as any other module is.
 */
define(['require'], function (require) {
  'use strict';

  /* A file of the server with the hash of what is in it, and nothing else. */
  var MODULE = /^\/static\/assets\/inpage-[\w-]+\.js$/;

  /* `server` is the frame's origin, the only place a voice is taken from. */
  function Voice(server) {
    /* Ends what speaks now. */
    var stop = null;
    /* Grows with every beginning and end: a file that comes late is not wanted any more. */
    var turn = 0;

    this.begin = function (module, port) {
      var mine;
      this.end();
      mine = turn;
      if (!MODULE.test(String(module))) {
        port.postMessage({ type: 'cannot' });
        return;
      }
      require([server + module], function (voice) {
        if (mine === turn) { stop = voice.speak(port); } else { port.close(); }
      }, function () {
        /* The page's policy lets nothing of the server in. */
        port.postMessage({ type: 'cannot' });
      });
    };

    this.end = function () {
      turn += 1;
      if (stop) { stop(); }
      stop = null;
    };
  }

  return Voice;
});
