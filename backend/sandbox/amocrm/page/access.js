/* Who has access to the account: its users, and integrations that have no widget. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var P = root.AmoPage;
  var T = P.text;

  function failed(error) {
    root.APP.notifications.show_message_error({
      header: T.settings,
      text: _.escape((error.responseJSON || {}).detail || T.adminsOnly)
    });
  }
  function ask(type, url, data) {
    return $.ajax({ url: url, type: type, contentType: 'application/json', data: data }).then(
      function () {
        return P.show(true);
      },
      failed
    );
  }

  /** External integrations below the tiles of the marketplace. */
  function external($view) {
    return $.getJSON('/ajax/integrations/list').then(function (body) {
      if (!body.items.length) {
        return;
      }
      var rows = _.map(body.items, function (i) {
        return (
          '<tr class="js-external" data-id="' +
          _.escape(i.client_id) +
          '"><td><b>' +
          _.escape(i.name) +
          '</b> ' +
          _.escape(i.description) +
          '</td><td><button type="button" class="button js-external-off">' +
          T.disable +
          '</button></td></tr>'
        );
      }).join('');
      $view.append(
        '<h2>' + T.external + '</h2><div class="list"><table><tbody>' + rows + '</tbody></table></div>'
      );
      $view.on('click', '.js-external-off', function () {
        ask('DELETE', '/ajax/integrations/' + this.closest('tr').dataset.id);
      });
    });
  }

  function kind(u) {
    return _.compact([
      u.is_admin ? T.admin : '',
      u.is_free ? T.free : '',
      u.is_active ? '' : T.inactive
    ]).join(', ');
  }
  function users($view) {
    return $.getJSON('/ajax/users/list').then(function (body) {
      var groups = root.APP.constant('groups');
      var own = root.APP.constant('user').id;
      var may = root.APP.constant('user_rights').is_admin;
      var rows = _.map(body.items, function (u) {
        var buttons =
          may && u.id !== own
            ? '<button type="button" class="button js-user-active" data-on="' +
              (u.is_active ? '' : 'Y') +
              '">' +
              (u.is_active ? T.deactivate : T.activate) +
              '</button> <button type="button" class="button js-user-free" data-on="' +
              (u.is_free ? '' : 'Y') +
              '">' +
              (u.is_free ? T.giveSeat : T.takeSeat) +
              '</button> <button type="button" class="button js-user-delete">' +
              T.remove +
              '</button>'
            : '';
        return (
          '<tr class="js-user" data-id="' +
          u.id +
          '"><td><b>' +
          _.escape(u.name) +
          '</b></td><td>' +
          _.escape(u.email) +
          '</td><td>' +
          _.escape(groups['group_' + (u.group_id || 0)] || '') +
          '</td><td class="js-user-kind">' +
          kind(u) +
          '</td><td>' +
          buttons +
          '</td></tr>'
        );
      }).join('');
      $view.html(
        '<h1>' + T.users + '</h1><div class="list"><table><tbody>' + rows + '</tbody></table></div>'
      );
      function id(node) {
        return '/ajax/users/' + node.closest('tr').dataset.id;
      }
      $view.on('click', '.js-user-active', function () {
        ask('PATCH', id(this), { is_active: this.dataset.on === 'Y' });
      });
      $view.on('click', '.js-user-free', function () {
        ask('PATCH', id(this), { is_free: this.dataset.on === 'Y' });
      });
      $view.on('click', '.js-user-delete', function () {
        ask('DELETE', id(this));
      });
    });
  }

  function webhooks($view) {
    return $.getJSON('/ajax/webhooks').then(function (body) {
      var rows = _.map(body.items, function (h) {
        return (
          '<tr class="js-webhook"><td>' +
          _.escape(h.destination) +
          '</td><td>' +
          _.escape(h.settings.join(', ')) +
          '</td><td>' +
          (h.disabled
            ? '<button type="button" class="button js-webhook-on" data-to="' +
              _.escape(h.destination) +
              '">' +
              T.activate +
              '</button>'
            : '') +
          '</td></tr>'
        );
      }).join('');
      $view.html(
        '<h1>' + T.webhooks + '</h1><div class="list"><table><tbody>' + rows + '</tbody></table></div>'
      );
      $view.on('click', '.js-webhook-on', function () {
        ask('PUT', '/ajax/webhooks', { destination: this.dataset.to });
      });
    });
  }

  P.page(/^\/settings\/webhooks\//, 'settings-webhooks', webhooks);
  P.page(/^\/settings\/users\//, 'settings-users', users);
  root.AmoAccess = { external: external };
})(window);
