/* The button of a vendor's site: opens the consent page and brings its answer back. */
(function () {
  'use strict';
  var script = document.currentScript || document.querySelector('script.amocrm_oauth');
  var data = script.dataset;
  var home = new URL(script.src).origin;
  // The question is asked at the account's own host, a neighbour of the one the script is from.
  var site = new URL(script.src).host.replace(/^www\./, '');

  /** Address of the consent page with everything the attributes say. */
  function address() {
    var query = new URLSearchParams();
    function add(name, value) {
      if (value) {
        query.append(name, value);
      }
    }
    add('client_id', data.clientId);
    add('state', data.state);
    add('mode', data.mode || 'post_message');
    add('origin', location.origin);
    if (!data.clientId) {
      add('name', data.name);
      add('description', data.description);
      add('redirect_uri', data.redirect_uri || data.redirectUri);
      add('secrets_uri', data.secrets_uri || data.secretsUri);
      add('logo', data.logo);
      (data.scopes || '').split(',').forEach(function (scope) {
        add('scopes[]', scope.trim());
      });
    }
    return home + '/oauth?' + query;
  }

  var button = document.createElement('button');
  button.type = 'button';
  button.className = data.className || '';
  button.textContent = data.compact === 'true' ? 'CRM' : data.title || 'Войти через CRM';
  if (data.color) {
    button.style.background = data.color;
  }
  button.addEventListener('click', function () {
    window.open(address(), 'crm_oauth', 'width=750,height=580,scrollbars=no');
  });
  window.addEventListener('message', function (event) {
    var from = new URL(event.origin);
    var ours = event.origin === home || from.host.slice(-site.length - 1) === '.' + site;
    if (!ours || !event.data || !event.data.location) {
      return;
    }
    var failed = window[data.errorCallback];
    if (event.data.error && typeof failed === 'function') {
      failed({ client_id: event.data.client_id, error: event.data.error });
    } else {
      location.assign(event.data.location);
    }
  });
  script.parentNode.insertBefore(button, script.nextSibling);
})();
