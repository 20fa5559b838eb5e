/* What the widget asks the Dozvon server. Each answer is a promise. */
define(['jquery'], function ($) {
  'use strict';

  /* Is there a Dozvon server that knows this integration? Asked before the widget is installed. */
  function knows(server, client) {
    return new Promise(function (done, failed) {
      $.ajax({
        url: server + '/api/amocrm/ready',
        data: { client: client },
        dataType: 'json',
        timeout: 10000
      }).then(done, failed);
    }).then(function (answer) {
      return answer.product === 'dozvon' && answer.integration === true;
    });
  }

  /* With the page's one-time token, which proves the user and the account. */
  function prove(widget, url) {
    return new Promise(function (done, failed) {
      widget.$authorizedAjax({
        url: url,
        type: 'POST',
        method: 'POST',
        contentType: 'application/json',
        dataType: 'json',
        data: '{}'
      }).then(done, failed);
    });
  }

  return {
    knows: knows,
    /* `{token, expires_at}` of the user; `purpose` '' for the phone, 'settings' for that page. */
    session: function (widget, server, purpose) {
      return prove(widget, server + '/api/amocrm/session' + (purpose ? '?for=' + purpose : ''));
    },
    /* `{state, is_admin, reconnect}` of the account's connection. */
    connection: function (widget, server) {
      return prove(widget, server + '/api/amocrm/connection');
    }
  };
});
