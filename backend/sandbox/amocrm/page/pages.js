/* Lists, the board, the dashboard; and the start of the page. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var P = root.AmoPage;
  var T = P.text;
  var C = root.AmoCards;
  var BOARD_PAGE = 250;
  var LIST_PAGE = 50;
  var CLOSED = 143; // ids up to here are the two final stages all pipelines share

  function total(path, name) {
    return P.api(path).then(function (body) {
      return body ? body._embedded[name] : [];
    });
  }
  function manager(id) {
    var m = root.APP.constant('managers')[id];
    return m ? _.escape(m.title) : '';
  }

  function dashboard($view) {
    return Promise.all([
      total('/leads?limit=250&order[id]=desc', 'leads'),
      total('/tasks?limit=10&filter[is_completed]=0&order[complete_till]=asc', 'tasks')
    ]).then(function (parts) {
      var open = _.filter(parts[0], function (l) {
        return !l.closed_at;
      });
      var team = _.map(root.APP.constant('managers'), function (m) {
        return '<li>' + _.escape(m.title) + '</li>';
      }).join('');
      $view.html(
        '<h1>' +
          T.dashboard +
          '</h1><div class="panels"><section class="panel"><h2>' +
          T.openLeads +
          '</h2><ul>' +
          open
            .slice(0, 10)
            .map(function (l) {
              return (
                '<li>' +
                C.link('leads', l.id, l.name) +
                '<span>' +
                C.money(l.price) +
                '</span></li>'
              );
            })
            .join('') +
          '</ul></section><section class="panel"><h2>' +
          T.openTasks +
          '</h2><ul>' +
          parts[1]
            .map(function (t) {
              return (
                '<li>' +
                (t.entity_id ? C.link(t.entity_type, t.entity_id, t.text) : _.escape(t.text)) +
                '<span>' +
                C.when(t.complete_till) +
                '</span></li>'
              );
            })
            .join('') +
          '</ul></section><section class="panel"><h2>' +
          T.team +
          '</h2><ul>' +
          team +
          '</ul></section></div>'
      );
    });
  }

  function tabs(active) {
    return (
      '<div class="tabs"><a class="tab' +
      (active === 'board' ? ' tab_active' : '') +
      '" href="/leads/">' +
      T.board +
      '</a><a class="tab' +
      (active === 'list' ? ' tab_active' : '') +
      '" href="/leads/list/">' +
      T.list +
      '</a></div>'
    );
  }

  function board($view, _match, query) {
    return P.api('/leads/pipelines').then(function (body) {
      var pipelines = body._embedded.pipelines;
      var wanted = Number(query.get('pipeline')) || pipelines[0].id;
      var pipeline =
        _.find(pipelines, function (p) {
          return p.id === wanted;
        }) || pipelines[0];
      var open = pipeline._embedded.statuses
        .filter(function (s) {
          return s.id > CLOSED;
        })
        .map(function (s, n) {
          return (
            'filter[statuses][' +
            n +
            '][pipeline_id]=' +
            pipeline.id +
            '&filter[statuses][' +
            n +
            '][status_id]=' +
            s.id
          );
        })
        .join('&');
      return P.api('/leads?limit=' + BOARD_PAGE + '&order[id]=asc&' + open).then(function (found) {
        paintBoard($view, pipelines, pipeline, found ? found._embedded.leads : []);
      });
    });
  }
  function paintBoard($view, pipelines, pipeline, leads) {
    var choice =
      '<div class="tabs">' +
      pipelines
        .map(function (p) {
          return (
            '<a class="tab' +
            (p === pipeline ? ' tab_active' : '') +
            '" href="/leads/?pipeline=' +
            p.id +
            '">' +
            _.escape(p.name) +
            '</a>'
          );
        })
        .join('') +
      '</div>';
    var columns = pipeline._embedded.statuses
      .filter(function (s) {
        return s.type !== 1 && s.id > CLOSED;
      })
      .map(function (s) {
        var own = leads.filter(function (l) {
          return l.status_id === s.id;
        });
        return (
          '<section class="column" style="--stage:' +
          _.escape(s.color) +
          '"><h2>' +
          _.escape(s.name) +
          ' <small>' +
          own.length +
          '</small></h2>' +
          own
            .map(function (l) {
              return (
                '<div class="deal">' +
                C.link('leads', l.id, l.name) +
                '<div>' +
                C.money(l.price) +
                ' · ' +
                manager(l.responsible_user_id) +
                '</div></div>'
              );
            })
            .join('') +
          '</section>'
        );
      });
    $view.html(
      '<div class="head"><h1>' +
        T.leads +
        '</h1>' +
        tabs('board') +
        choice +
        '</div><div class="board">' +
        columns.join('') +
        '</div>'
    );
  }

  function contactList($view, match, query) {
    var entity = /companies/.test(location.pathname) ? 'companies' : 'contacts';
    return list(
      $view,
      entity,
      query,
      '<div class="tabs"><a class="tab' +
        (entity === 'contacts' ? ' tab_active' : '') +
        '" href="/contacts/list/">' +
        T.contacts +
        '</a><a class="tab' +
        (entity === 'companies' ? ' tab_active' : '') +
        '" href="/contacts/list/companies/">' +
        T.companies +
        '</a></div>',
      T.contacts
    );
  }
  function leadList($view, match, query) {
    return list($view, 'leads', query, tabs('list'), T.leads);
  }

  function customerList($view, match, query) {
    return list($view, 'customers', query, '', T.customers);
  }
  /** Leads and customers have no numbers of their own, their contacts have. */
  function ofContacts(entity) {
    return entity === 'leads' || entity === 'customers';
  }

  function list($view, entity, query, above, title) {
    var page = Number(query.get('page')) || 1;
    var term = query.get('term') || '';
    var path =
      '/' +
      entity +
      '?limit=' +
      LIST_PAGE +
      '&page=' +
      page +
      '&with=contacts' +
      (term ? '&query=' + encodeURIComponent(term) : '');
    return Promise.all([P.api(path), P.api('/leads/pipelines')]).then(function (parts) {
      var rows = parts[0] ? parts[0]._embedded[entity] : [];
      return phonesOf(entity, rows).then(function (phones) {
        root.APP.data.current_entity = entity;
        root.APP.data.current_list = new root.Backbone.Collection(
          rows.map(function (r) {
            return {
              id: r.id,
              name: { text: r.name, url: '/' + entity + '/detail/' + r.id },
              checked: false,
              element_type: root.APP.element_types[entity],
              entity: entity,
              company_name: ''
            };
          })
        );
        var next = parts[0] && parts[0]._links.next;
        $view.html(
          '<div class="head"><h1>' +
            title +
            '</h1>' +
            above +
            '<div class="bulk js-bulk" hidden><span class="js-bulk-count"></span><div class="bulk__menu js-bulk-menu"></div></div></div><div class="list"><div class="list__overlay"></div><table><thead><tr><th></th><th>' +
            T.name +
            '</th><th>' +
            (entity === 'leads' ? T.stage : entity === 'customers' ? T.amount : T.phones) +
            '</th><th>' +
            (ofContacts(entity) ? T.contacts : T.responsible) +
            '</th></tr></thead><tbody>' +
            rows
              .map(function (r) {
                return line(entity, r, phones, parts[1]._embedded.pipelines);
              })
              .join('') +
            '</tbody></table>' +
            (rows.length ? '' : '<p class="empty">' + T.nothing + '</p>') +
            '</div><div class="pager">' +
            (page > 1
              ? '<a class="button" href="?page=' +
                (page - 1) +
                '&term=' +
                encodeURIComponent(term) +
                '">' +
                T.prev +
                '</a>'
              : '') +
            (next
              ? '<a class="button" href="?page=' +
                (page + 1) +
                '&term=' +
                encodeURIComponent(term) +
                '">' +
                T.next +
                '</a>'
              : '') +
            '</div><aside class="list-widgets" id="widgets_block" data-empty=""></aside>'
        );
        $view.on('change', '.js-row', function () {
          select($view, entity, rows, phones);
        });
      });
    });
  }
  /** Numbers to show in a row: the card's own, or those of a lead's contacts. */
  function phonesOf(entity, rows) {
    var found = {};
    if (!ofContacts(entity)) {
      rows.forEach(function (r) {
        found[r.id] = P.valuesOf(r, 'PHONE').map(function (v) {
          return { value: v, record: r, entity: entity };
        });
      });
      return Promise.resolve(found);
    }
    var ids = _.uniq(
      _.flatten(
        rows.map(function (r) {
          return _.pluck(r._embedded.contacts || [], 'id');
        })
      )
    );
    if (!ids.length) {
      return Promise.resolve(found);
    }
    return total(
      '/contacts?limit=250&' +
        ids
          .map(function (id) {
            return 'filter[id][]=' + id;
          })
          .join('&'),
      'contacts'
    ).then(function (contacts) {
      var byId = _.indexBy(contacts, 'id');
      rows.forEach(function (r) {
        found[r.id] = _.flatten(
          (r._embedded.contacts || []).map(function (c) {
            return byId[c.id]
              ? P.valuesOf(byId[c.id], 'PHONE').map(function (v) {
                  return { value: v, record: byId[c.id], entity: 'contacts' };
                })
              : [];
          })
        );
      });
      return found;
    });
  }
  function line(entity, r, phones, pipelines) {
    var numbers = (phones[r.id] || [])
      .map(function (p) {
        return (
          (ofContacts(entity) ? _.escape(p.record.name) + ' ' : '') +
          P.phone(p.value, p.record, p.entity)
        );
      })
      .join(' ');
    var middle = numbers;
    if (ofContacts(entity)) {
      middle = entity === 'leads' ? C.stage(pipelines, r) : C.money(r.next_price);
    }
    return (
      '<tr data-id="' +
      r.id +
      '"><td><input type="checkbox" class="js-row" value="' +
      r.id +
      '" aria-label="' +
      _.escape(r.name) +
      '"></td><td>' +
      C.link(entity, r.id, r.name) +
      '</td><td>' +
      middle +
      '</td><td>' +
      (ofContacts(entity) ? numbers : manager(r.responsible_user_id)) +
      '</td></tr>'
    );
  }
  /** What list_selected() returns, and the menu of widgets that work on selections. */
  function select($view, entity, rows, phones) {
    var ids = $view
      .find('.js-row:checked')
      .get()
      .map(function (i) {
        return Number(i.value);
      });
    root.APP.data.selected = rows
      .filter(function (r) {
        return ids.indexOf(r.id) !== -1;
      })
      .map(function (r) {
        return {
          id: r.id,
          type: C.single[entity],
          phones: _.pluck(phones[r.id] || [], 'value'),
          emails: P.valuesOf(r, 'EMAIL')
        };
      });
    root.APP.data.current_list.each(function (m) {
      m.set('checked', ids.indexOf(m.get('id')) !== -1);
    });
    // Companies are ticked among contacts; customers have no callback in the documentation.
    bulk($view, ofContacts(entity) ? entity : 'contacts');
  }
  /** The menu of what can be done with ticked rows: one item per widget with such a callback. */
  function bulk($view, key) {
    var count = root.APP.data.selected.length;
    $view.find('.js-bulk')[0].hidden = !count;
    $view.find('.js-bulk-count').text(T.selected + ': ' + count);
    var $menu = $view.find('.js-bulk-menu').empty();
    _.each(root.APP.widgets.list, function (w, code) {
      if (key !== 'customers' && w.callbacks[key] && w.callbacks[key].selected) {
        $menu.append(
          $('<button type="button" class="button js-bulk-widget"></button>')
            .text(w.name || code)
            .attr('data-widget', code)
            .on('click', function () {
              w.callbacks[key].selected.call(w.callbacks);
            })
        );
      }
    });
  }

  function todo($view) {
    return total('/tasks?limit=100&filter[is_completed]=0&order[complete_till]=asc', 'tasks').then(
      function (tasks) {
        $view.html(
          '<h1>' +
            T.todo +
            '</h1><div class="bulk js-bulk" hidden><span class="js-bulk-count"></span><div class="bulk__menu js-bulk-menu"></div></div><div class="list"><table><tbody>' +
            tasks
              .map(function (t) {
                return (
                  '<tr><td><input type="checkbox" class="js-row" value="' +
                  t.id +
                  '" aria-label="' +
                  _.escape(t.text) +
                  '"></td><td>' +
                  C.when(t.complete_till) +
                  '</td><td>' +
                  (t.entity_id ? C.link(t.entity_type, t.entity_id, t.text) : _.escape(t.text)) +
                  '</td><td>' +
                  manager(t.responsible_user_id) +
                  '</td></tr>'
                );
              })
              .join('') +
            '</tbody></table></div>'
        );
        $view.on('change', '.js-row', function () {
          root.APP.data.selected = $view
            .find('.js-row:checked')
            .get()
            .map(function (i) {
              return { id: Number(i.value), type: 'task', phones: [], emails: [] };
            });
          bulk($view, 'todo');
        });
      }
    );
  }

  P.page(/^\/customers\//, 'customers', customerList);
  P.page(/^\/leads\/list\//, 'leads', leadList);
  P.page(/^\/leads\//, 'leads-pipeline', board);
  P.page(
    /^\/(contacts|companies)\//,
    function (path) {
      return /companies/.test(path) ? 'companies' : 'contacts';
    },
    contactList
  );
  P.page(/^\/todo\//, 'todo', todo);
  P.page(/^/, 'dashboard', dashboard);

  P.frame();
  P.connect();
  P.show(true)
    .then(root.AmoLoader.load)
    .catch(function (error) {
      console.error(error);
    });
})(window);
