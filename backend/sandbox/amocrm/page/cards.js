/* Cards of contacts, companies and leads: fields, feed, right column. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;
  var P = root.AmoPage;
  var T = P.text;
  var SINGLE = {
    contacts: 'contact',
    leads: 'lead',
    companies: 'company',
    customers: 'customer'
  };

  function link(entity, id, name) {
    return (
      '<a class="js-navigate-link" href="/' +
      entity +
      '/detail/' +
      id +
      '">' +
      _.escape(name) +
      '</a>'
    );
  }
  function row(label, html) {
    return (
      '<div class="field"><dt>' + _.escape(label) + '</dt><dd>' + (html || '—') + '</dd></div>'
    );
  }
  function money(n) {
    return Number(n).toLocaleString('ru-RU') + ' ₽';
  }
  function when(unix) {
    return root.moment.unix(unix).format('DD.MM.YYYY HH:mm');
  }
  function many(entity, ids) {
    if (!ids.length) {
      return Promise.resolve([]);
    }
    return P.api(
      '/' +
        entity +
        '?limit=250&with=contacts&' +
        ids
          .map(function (id) {
            return 'filter[id][]=' + id;
          })
          .join('&')
    ).then(function (body) {
      return body ? body._embedded[entity] : [];
    });
  }
  function ids(list) {
    return _.pluck(list || [], 'id');
  }

  function draw($view, match) {
    var entity = match[1];
    var id = Number(match[2]);
    root.APP.data.is_card = true;
    root.APP.data.current_entity = entity;
    watch(entity, id, $view);
    return P.api('/' + entity + '/' + id + '?with=leads,contacts').then(function (record) {
      if (!record) {
        $view.html('<p class="empty">' + T.notFound + '</p>');
        return undefined;
      }
      var embedded = record._embedded;
      return Promise.all([
        entity === 'contacts' ? [record] : many('contacts', ids(embedded.contacts)),
        entity === 'companies' ? [] : many('companies', ids(embedded.companies)),
        entity === 'leads' ? [] : many('leads', ids(embedded.leads)),
        P.api('/leads/pipelines'),
        P.api('/' + entity + '/' + id + '/notes?limit=250&order[id]=desc'),
        P.api('/tasks?filter[entity_type]=' + entity + '&filter[entity_id][]=' + id)
      ]).then(function (parts) {
        paint($view, entity, record, parts);
      });
    });
  }

  function paint($view, entity, record, parts) {
    var contacts = parts[0];
    var companies = parts[1];
    var leads = parts[2];
    var pipelines = parts[3]._embedded.pipelines;
    var managers = root.APP.constant('managers');
    var manager = managers[record.responsible_user_id];
    var fields = row(T.responsible, _.escape(manager ? manager.title : ''));
    if (entity === 'leads') {
      fields += row(T.amount, money(record.price)) + row(T.stage, stage(pipelines, record));
    }
    if (entity !== 'leads') {
      fields += row(
        T.phones,
        P.valuesOf(record, 'PHONE')
          .map(function (v) {
            return P.phone(v, record, entity);
          })
          .join(' ')
      );
      fields += row('Email', P.valuesOf(record, 'EMAIL').map(_.escape).join(', '));
    }
    _.each(record.custom_fields_values || [], function (f) {
      if (f.field_code !== 'PHONE' && f.field_code !== 'EMAIL') {
        fields += row(
          f.field_name,
          _.map(f.values, function (v) {
            return _.escape(v.value);
          }).join(', ')
        );
      }
    });
    if (companies.length) {
      fields += row(
        T.company,
        companies
          .map(function (c) {
            return (
              link('companies', c.id, c.name) +
              ' ' +
              P.valuesOf(c, 'PHONE')
                .map(function (v) {
                  return P.phone(v, c, 'companies');
                })
                .join(' ')
            );
          })
          .join('<br>')
      );
    }
    if (entity !== 'contacts') {
      fields += row(
        T.contacts,
        contacts
          .map(function (c) {
            return (
              link('contacts', c.id, c.name) +
              ' ' +
              P.valuesOf(c, 'PHONE')
                .map(function (v) {
                  return P.phone(v, c, 'contacts');
                })
                .join(' ')
            );
          })
          .join('<br>')
      );
    }
    if (entity !== 'leads') {
      fields += row(
        T.deals,
        leads
          .map(function (l) {
            return (
              link('leads', l.id, l.name) +
              ' <span class="stage">' +
              stage(pipelines, l) +
              '</span>'
            );
          })
          .join('<br>')
      );
    }
    var tasks = parts[5] ? parts[5]._embedded.tasks : [];
    _.each(tasks, function (t) {
      if (!t.is_completed) {
        fields += row(T.task, _.escape(t.text) + ' · ' + when(t.complete_till));
      }
    });
    $view.html(
      '<div class="card-holder"><section class="card-fields" id="card_holder"><h1 class="card-name"></h1><dl>' +
        fields +
        '</dl></section><section class="card-feed"><h2>' +
        T.feed +
        '</h2><div class="feed js-feed"></div></section><aside class="card-widgets js-widgets-column" id="widgets_block" data-empty="' +
        T.noWidgets +
        '"></aside></div>'
    );
    $view.find('.card-name').text(record.name);
    root.AmoEdit.buttons($view.find('.card-fields'), entity, record);
    feed($view.find('.js-feed'), parts[4] ? parts[4]._embedded.notes : []);
    root.APP.data.current_card = {
      id: record.id,
      element_type: root.APP.element_types[entity],
      $el: $view.find('.card-holder'),
      linked_forms: { form_models: { models: [] } },
      model: new root.Backbone.Model({
        id: record.id,
        ID: record.id,
        ELEMENT_TYPE: root.APP.element_types[entity],
        'contact[NAME]': record.name,
        name: record.name
      }),
      contacts: contacts.map(function (c) {
        return {
          id: c.id,
          name: c.name,
          first_name: c.first_name,
          last_name: c.last_name,
          phones: P.valuesOf(c, 'PHONE'),
          emails: P.valuesOf(c, 'EMAIL')
        };
      })
    };
  }

  function stage(pipelines, lead) {
    var pipeline = _.find(pipelines, function (p) {
      return p.id === lead.pipeline_id;
    });
    var status =
      pipeline &&
      _.find(pipeline._embedded.statuses, function (s) {
        return s.id === lead.status_id;
      });
    return status ? _.escape(pipeline.name + ' → ' + status.name) : '';
  }

  function feed($feed, notes) {
    $feed.html(notes.map(note).join('') || '<p class="empty">' + T.emptyFeed + '</p>');
    $feed.on('click', '.feed-note__call-content a', function () {
      var $link = $(this);
      var player = {
        play: function (_$el, url) {
          var audio = document.createElement('audio');
          audio.controls = true;
          audio.preload = 'metadata';
          audio.src = url;
          $link.closest('.feed-note').find('.feed-note__player').html(audio);
          audio.play().catch(_.noop);
        }
      };
      var prepare = root.AMOCRM.player_prepare[$link.attr('data-source')];
      if (prepare) {
        prepare.call(player, $link);
      } else {
        player.play($link, $link.attr('href'));
      }
      return false;
    });
  }
  function note(n) {
    var head = '<time>' + when(n.created_at) + '</time>';
    if (n.note_type === 'call_in' || n.note_type === 'call_out') {
      var p = n.params;
      var who = root.APP.constant('managers')[p.call_responsible];
      var length = Math.floor(p.duration / 60) + ':' + String(p.duration % 60).padStart(2, '0');
      var about = _.compact([
        _.escape(who ? who.title : p.call_responsible),
        length,
        _.escape(p.call_result)
      ]).join(' · ');
      var listen = p.link
        ? '<a href="' +
          _.escape(p.link) +
          '" data-native data-source="' +
          _.escape(p.source) +
          '">▶ ' +
          length +
          '</a>'
        : '';
      return (
        '<article class="feed-note feed-note-call" data-id="' +
        n.id +
        '">' +
        head +
        '<b>' +
        (n.note_type === 'call_in' ? T.callIn : T.callOut) +
        '</b> ' +
        _.escape(p.phone) +
        '<div class="feed-note__about">' +
        about +
        '</div><div class="feed-note__call-content">' +
        listen +
        '</div><div class="feed-note__player"></div></article>'
      );
    }
    return (
      '<article class="feed-note" data-id="' +
      n.id +
      '">' +
      head +
      _.escape(n.params.text || n.note_type) +
      '</article>'
    );
  }
  /**
   * New notes appear without a reload while the card is open. Listening starts before the notes are
   * read: one that comes in between makes the freshly painted feed be read again.
   */
  function watch(entity, id, $view) {
    var path = '/' + entity + '/' + id + '/notes?limit=250&order[id]=desc';
    var early = false;
    function refresh() {
      var $feed = $view.find('.js-feed');
      early = early || !$feed.length;
      if ($feed.length) {
        P.api(path).then(function (body) {
          feed($feed.off(), body ? body._embedded.notes : []);
        });
      }
    }
    var stop = root.AmoLive.listen(entity + ':card:' + id, ['note_added'], refresh);
    $(document).one('page:changed', function () {
      $(document).one('page:changed', stop);
      if (early) {
        refresh();
      }
    });
  }

  function add($view, match, query) {
    var phone = query.get('phone') || '';
    $view.html(
      '<form class="card-fields card-add"><h1>' +
        T.create +
        '</h1><label>' +
        T.name +
        '<input class="text-input" name="name" required></label><label>' +
        T.phones +
        '<input class="text-input" name="phone" value="' +
        _.escape(phone) +
        '"></label><button class="button button-primary" type="submit">' +
        T.save +
        '</button></form>'
    );
    root.APP.data.current_card = {
      id: 0,
      element_type: 1,
      $el: $view,
      model: new root.Backbone.Model({ ID: 0, ELEMENT_TYPE: 1 }),
      linked_forms: { form_models: { models: [] } },
      contacts: []
    };
    root.APP.data.is_card = true;
    $view.find('form').on('submit', function () {
      var model = {
        name: this.elements.name.value,
        custom_fields_values: [
          { field_code: 'PHONE', values: [{ value: this.elements.phone.value, enum_code: 'MOB' }] }
        ]
      };
      if (!this.elements.phone.value) {
        delete model.custom_fields_values;
      }
      P.api('/contacts', { method: 'POST', data: [model] }).then(
        function (body) {
          P.navigate('/contacts/detail/' + body._embedded.contacts[0].id);
        },
        function (error) {
          root.APP.notifications.show_message_error({
            header: T.create,
            text: _.escape(error.message)
          });
        }
      );
      return false;
    });
  }

  P.page(
    /^\/(contacts|leads|companies|customers)\/detail\/(\d+)/,
    function (path) {
      return path.split('/')[1] + '_card';
    },
    draw
  );
  P.page(/^\/(contacts)\/add\//, 'contacts_card', add);
  root.AmoCards = { link: link, money: money, stage: stage, when: when, single: SINGLE };
})(window);
