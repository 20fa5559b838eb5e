/* The other named modules a widget may ask for, small and with the members widgets use. */
(function (root) {
  'use strict';
  var $ = root.$;
  var _ = root._;

  /* pubsub, store, Backbone's Model/Collection/Events, js-uuid */
  var topics = {};
  var pubsub = {
    publish: function (name, data) {
      (topics[name] || []).slice().forEach(function (fn) {
        fn(name, data);
      });
    },
    subscribe: function (name, fn) {
      (topics[name] = topics[name] || []).push(fn);
      return fn;
    },
    unsubscribe: function (fn) {
      Object.keys(topics).forEach(function (k) {
        topics[k] = topics[k].filter(function (f) {
          return f !== fn;
        });
      });
    }
  };
  var keep = {
    get: function (k) {
      try {
        return JSON.parse(localStorage.getItem(k));
      } catch (_e) {
        return undefined;
      }
    },
    set: function (k, v) {
      localStorage.setItem(k, JSON.stringify(v));
      return v;
    },
    remove: function (k) {
      localStorage.removeItem(k);
    },
    clear: function () {
      localStorage.clear();
    },
    enabled: true
  };
  var Events = {
    on: function (name, fn, self) {
      (this._on = this._on || []).push([name, fn, self]);
      return this;
    },
    off: function (name, fn) {
      this._on = (this._on || []).filter(function (h) {
        return (name && h[0] !== name) || (fn && h[1] !== fn);
      });
      return this;
    },
    trigger: function (name) {
      var args = [].slice.call(arguments, 1);
      (this._on || []).forEach(function (h) {
        if (h[0] === name) {
          h[1].apply(h[2], args);
        }
      });
      return this;
    }
  };
  function Model(attributes) {
    this.attributes = Object.assign({}, attributes);
    this.id = this.attributes.id;
  }
  Object.assign(Model.prototype, Events, {
    get: function (k) {
      return this.attributes[k];
    },
    has: function (k) {
      return this.attributes[k] !== undefined;
    },
    toJSON: function () {
      return Object.assign({}, this.attributes);
    },
    set: function (k, v) {
      var more = typeof k === 'object' ? k : Object.fromEntries([[k, v]]);
      Object.assign(this.attributes, more);
      var self = this;
      Object.keys(more).forEach(function (key) {
        self.trigger('change:' + key, self, more[key]);
      });
      return this.trigger('change', this);
    }
  });
  function Collection(models) {
    this.models = (models || []).map(function (m) {
      return m instanceof Model ? m : new Model(m);
    });
    this.length = this.models.length;
  }
  Object.assign(Collection.prototype, Events, {
    where: function (want) {
      return this.models.filter(function (m) {
        return Object.keys(want).every(function (k) {
          return m.get(k) === want[k];
        });
      });
    },
    findWhere: function (want) {
      return this.where(want)[0];
    },
    get: function (id) {
      return this.models.filter(function (m) {
        return String(m.id) === String(id);
      })[0];
    },
    each: function (fn) {
      this.models.forEach(fn);
    },
    map: function (fn) {
      return this.models.map(fn);
    },
    filter: function (fn) {
      return this.models.filter(fn);
    },
    at: function (n) {
      return this.models[n];
    },
    toJSON: function () {
      return this.models.map(function (m) {
        return m.toJSON();
      });
    }
  });
  var Backbone = { Events: Events, Model: Model, Collection: Collection, $: $ };

  /* lib/components/base/modal: the documented window */
  function Modal(options) {
    if (!(this instanceof Modal)) {
      return new Modal(options);
    }
    var self = this;
    this.options = options || {};
    if (!options) {
      return this;
    }
    this.$el = $(
      '<div class="modal"><div class="modal-scroller"><div class="modal-body" tabindex="-1" role="dialog" aria-modal="true"><div class="modal-body__inner"></div></div></div></div>'
    );
    this.$el.addClass(options.class_name || '');
    this.$modal = this.$el;
    $(options.container || document.body).append(this.$el);
    var $body = this.$el.find('.modal-body__inner');
    this.$el.on('click', function (event) {
      var onOverlay =
        event.target.classList.contains('modal-scroller') && !options.disable_overlay_click;
      if (onOverlay || $(event.target).closest('.modal-body__close, .js-modal-close').length) {
        self.destroy();
      }
    });
    this.onKey = function (event) {
      if (event.key === 'Escape' && !options.disable_escape_keydown) {
        self.destroy();
      }
    };
    document.addEventListener('keydown', this.onKey);
    if (options.init) {
      options.init.call(this, $body);
    }
    var focus = options.focus_element
      ? $(options.focus_element)[0]
      : this.$el.find('.modal-body')[0];
    if (focus) {
      focus.focus();
    }
    return this;
  }
  Modal.prototype.destroy = function () {
    if (this.options.destroy && this.options.destroy.call(this) === false) {
      return;
    }
    document.removeEventListener('keydown', this.onKey);
    this.$el.remove();
  };
  Modal.prototype._showError = function (text) {
    root.APP.notifications.show_message_error({ header: '', text: text, without_header: true });
  };

  /* system controls for widget.render({ref}) and include_control */
  root.AmoControls = {
    render: function (name, p) {
      p = p || {};
      var e = _.escape;
      var id = (p.id ? ' id="' + e(p.id) + '"' : '') + (p.name ? ' name="' + e(p.name) + '"' : '');
      var cls = e(p.class_name || '');
      switch (name) {
        case 'textarea':
          return (
            '<textarea class="text-input ' +
            cls +
            '"' +
            id +
            ' placeholder="' +
            e(p.placeholder) +
            '">' +
            e(p.value) +
            '</textarea>'
          );
        case 'checkbox':
          return (
            '<label class="control-checkbox ' +
            cls +
            '"><input type="checkbox"' +
            id +
            (p.checked ? ' checked' : '') +
            ' value="' +
            e(p.value) +
            '"> ' +
            e(p.text) +
            '</label>'
          );
        case 'select':
        case 'radio':
        case 'multiselect':
          return (
            '<select class="control--select ' +
            cls +
            '"' +
            id +
            (name === 'multiselect' ? ' multiple' : '') +
            '>' +
            _.map(p.items, function (i) {
              return (
                '<option value="' +
                e(i.id) +
                '"' +
                (String(i.id) === String(p.selected) ? ' selected' : '') +
                '>' +
                e(i.option) +
                '</option>'
              );
            }).join('') +
            '</select>'
          );
        case 'button':
        case 'cancel_button':
        case 'delete_button':
          return (
            '<button type="button" class="button-input button ' +
            (p.blue ? 'button-primary ' : '') +
            cls +
            '"' +
            id +
            '><span class="button-input-inner__text">' +
            e(p.text) +
            '</span></button>'
          );
        default:
          return (
            '<input class="text-input ' +
            cls +
            '"' +
            id +
            ' type="' +
            e(p.type || (name === 'date_field' ? 'date' : name === 'file' ? 'file' : 'text')) +
            '" value="' +
            e(p.value) +
            '" placeholder="' +
            e(p.placeholder) +
            '">'
          );
      }
    }
  };

  root.Backbone = Backbone;
  var named = {
    backbone: Backbone,
    pubsub: pubsub,
    store: keep,
    'lib/components/base/modal': Modal,
    'js-uuid': {
      v4: function () {
        return crypto.randomUUID();
      }
    },
    'lib/common/cookie': {
      get: function (k) {
        var m = new RegExp('(?:^|; )' + k + '=([^;]*)').exec(document.cookie);
        return m ? decodeURIComponent(m[1]) : null;
      },
      set: function (k, v) {
        document.cookie = k + '=' + encodeURIComponent(v) + '; path=/';
      }
    },
    'lib/common/fn': { escape: _.escape }
  };
  Object.keys(named).forEach(function (name) {
    root.provide(name, named[name]);
  });
})(window);
