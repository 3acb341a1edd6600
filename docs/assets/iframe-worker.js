// A page that is opened from a disk may start no worker, and search lives in one. There, and only there, the worker's
// script runs in a hidden frame instead: same messages, same answers. No part of it comes from outside.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = (...urls) => Promise.all(urls.map((each) => this.load(frame, each)));
      this.inside = inside;
      this.ready = this.load(frame, url);
    }

    load(frame, url) {
      return new Promise((done, failed) => {
        const script = frame.contentDocument.createElement("script");
        script.onload = done;
        script.onerror = failed;
        script.src = new URL(url, location.href).href;
        frame.contentDocument.head.append(script);
      });
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {}
  };
}
