(function () {
  'use strict';
  var main = document.querySelector('main[data-live]');
  var sign = document.getElementById('live');
  function say(text, state) {
    sign.textContent = text;
    sign.dataset.state = state;
  }
  function isSelecting() {
    var selection = document.getSelection();
    return !!selection && !selection.isCollapsed && main.contains(selection.anchorNode);
  }
  function show(html) {
    var focused = document.activeElement;
    var href = focused && main.contains(focused) ? focused.getAttribute('href') : null;
    main.innerHTML = html;
    if (!href) return;
    main.querySelectorAll('a').forEach(function (link) {
      if (link.getAttribute('href') === href) link.focus({ preventScroll: true });
    });
  }
  var stream = new EventSource('/today/stream');
  stream.onopen = function () { say('Live', 'on'); };
  stream.onerror = function () {
    say(stream.readyState === EventSource.CLOSED ? 'Stopped: reload' : 'Reconnecting', 'off');
  };
  stream.onmessage = function (event) {
    if (!isSelecting()) show(JSON.parse(event.data));
  };
  addEventListener('pagehide', function () { stream.close(); });
})();
