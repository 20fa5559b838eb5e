/* Module loader of the page: `define` and `require` in the manner widgets are written for.
 *
 * Names resolve in this order: a module defined by name, an address (absolute, or relative to the
 * module that asks). A script that calls anonymous `define` is named after its address. */
(function (root) {
  'use strict';

  var defined = Object.create(null); // name -> {value} once ready
  var waiting = Object.create(null); // name -> {deps, factory} not started yet
  var loading = Object.create(null); // address -> promise of its module
  var anonymous = []; // definitions of the script that runs right now

  function isAddress(name) {
    return /^([a-z]+:)?\/\//i.test(name) || name.charAt(0) === '/' || /\.js(\?|$)/.test(name);
  }

  function resolve(name, parent) {
    if (name.charAt(0) === '.' && parent) {
      var url = new URL(name, new URL(parent, location.href)).href;
      return /\.js(\?|$)/.test(url) ? url : url + '.js';
    }
    return name;
  }

  function define(name, deps, factory) {
    if (typeof name !== 'string') {
      factory = deps;
      deps = name;
      name = null;
    }
    if (!Array.isArray(deps)) {
      factory = deps;
      deps = null;
    }
    var definition = { deps: deps, factory: factory };
    if (name) {
      waiting[name] = definition;
    } else {
      anonymous.push(definition);
    }
  }
  define.amd = { jQuery: true };

  function get(name, parent) {
    var full = resolve(name, parent);
    if (defined[full]) {
      return Promise.resolve(defined[full].value);
    }
    if (loading[full]) {
      return loading[full];
    }
    if (waiting[full]) {
      loading[full] = start(full, waiting[full]);
      return loading[full];
    }
    if (!isAddress(full)) {
      return Promise.reject(new Error('No module named ' + full));
    }
    loading[full] = fetchScript(full).then(function (definition) {
      return definition ? start(full, definition) : undefined;
    });
    loading[full].catch(function () {
      delete loading[full];
    });
    return loading[full];
  }

  /** A factory without a list names what it needs by calling `require('name')` in its body. */
  function asked(factory) {
    if (typeof factory !== 'function' || !factory.length) {
      return [];
    }
    var text = factory.toString().replace(/\/\*[\s\S]*?\*\/|(^|[^:"'=])\/\/.*$/gm, '$1');
    var call = /(?:^|[^.\w$])require\s*\(\s*(["'])([^"'\s]+)\1\s*\)/g;
    var names = factory.length === 1 ? ['require'] : ['require', 'exports', 'module'];
    var found = call.exec(text);
    while (found) {
      names.push(found[2]);
      found = call.exec(text);
    }
    return names;
  }

  function start(name, definition) {
    var exports = {};
    var module = { id: name, exports: exports };
    var special = {
      require: function (deps, done, failed) {
        if (typeof deps === 'string') {
          return defined[resolve(deps, name)].value;
        }
        return load(deps, done, failed, name);
      },
      exports: exports,
      module: module
    };
    var deps = definition.deps || asked(definition.factory);
    return Promise.all(
      deps.map(function (dep) {
        return Object.prototype.hasOwnProperty.call(special, dep) ? special[dep] : get(dep, name);
      })
    ).then(function (values) {
      var value =
        typeof definition.factory === 'function'
          ? definition.factory.apply(root, values)
          : definition.factory;
      if (value === undefined) {
        value = module.exports;
      }
      defined[name] = { value: value };
      return value;
    });
  }

  function fetchScript(url) {
    return new Promise(function (done, failed) {
      var script = document.createElement('script');
      script.src = /\.js(\?|$)/.test(url) || /\?/.test(url) ? url : url + '.js';
      script.async = true;
      // The load event follows the script's run before any other script can run, so what is in
      // `anonymous` now came from this one.
      script.onload = function () {
        var own = anonymous.splice(0);
        if (own.length > 1) {
          failed(new Error('Mismatched anonymous define() in ' + url));
        }
        done(own[0] || waiting[url]);
      };
      script.onerror = function () {
        failed(new Error('Cannot load ' + url));
      };
      document.head.appendChild(script);
    });
  }

  function load(deps, done, failed, parent) {
    Promise.all(
      deps.map(function (dep) {
        return get(dep, parent);
      })
    ).then(
      function (values) {
        if (done) {
          done.apply(root, values);
        }
      },
      function (error) {
        if (failed) {
          failed(error);
        } else {
          console.error(error);
        }
      }
    );
  }

  function require(deps, done, failed) {
    if (typeof deps === 'string') {
      if (!defined[deps]) {
        throw new Error('Module ' + deps + ' has not been loaded yet');
      }
      return defined[deps].value;
    }
    return load(deps, done, failed);
  }
  require.config = function () {
    return require;
  };
  require.defined = function (name) {
    return Boolean(defined[name]);
  };
  require.undef = function (name) {
    delete defined[name];
    delete loading[name];
  };
  require.toUrl = function (path) {
    return path;
  };

  root.define = define;
  root.require = root.requirejs = require;
  /** For the page's own modules: a value that is there at once. */
  root.provide = function (name, value) {
    defined[name] = { value: value };
  };
})(window);
