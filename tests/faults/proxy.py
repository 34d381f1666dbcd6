"""A TCP proxy with faults: slow, in slices, resetting connections, or silent."""
import socket
import struct
import threading
import time

PASS, DELAY, SLICE, RESET, SILENT, ONE_WAY = "pass", "delay", "slice", "reset", "silent", "one_way"


class Proxy:
    """Forwards `port` to `target` with the fault of `mode`; ONE_WAY holds back the responses."""

    def __init__(self, port, target):
        self.port, self.target, self.mode = port, target, PASS
        self.links = set()
        self.lock = threading.Lock()
        self.closing = False
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, mode):
        self.mode = mode
        if mode == RESET:
            self.reset_all()

    def reset_all(self):
        with self.lock:
            links, self.links = self.links, set()
        for link in links:
            reset(link)

    def close(self):
        self.closing = True
        self.listener.close()
        self.reset_all()

    def _accept(self):
        while not self.closing:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.mode == RESET:
                reset(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                reset(near)
                continue
            far.settimeout(None)
            for link in (near, far):
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.links |= {near, far}
            for source, sink, answers in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pump, args=(source, sink, answers), daemon=True).start()

    def _pump(self, source, sink, answers):
        try:
            while data := source.recv(65536):
                self._hold_back(answers)
                if self.mode == DELAY:
                    time.sleep(0.2)
                if self.mode == SLICE:
                    for n in range(len(data)):
                        sink.sendall(data[n:n + 1])
                else:
                    sink.sendall(data)
        except OSError:
            pass
        with self.lock:
            self.links -= {source, sink}
        for link in (source, sink):
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            link.close()

    def _hold_back(self, answers):
        """Hold data back while the proxy is silent; it arrives afterwards, as with TCP."""
        while self.mode == SILENT or (self.mode == ONE_WAY and answers):
            time.sleep(0.02)


def reset(link):
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    link.close()
