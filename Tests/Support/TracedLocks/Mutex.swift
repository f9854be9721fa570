import Glibc

@_exported import struct Synchronization.Atomic

/// The standard library's mutex with the operating system's lock inside.
///
/// The thread sanitizer does not see the standard one, whose fast path is compiled without its instrumentation, and
/// takes every value it protects for a race. `Deploy/sanitize` builds a copy of the sources with this one in its place.
public struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let value: UnsafeMutablePointer<Value>

    public init(_ value: consuming sending Value) {
        self.lock = .allocate(capacity: 1)
        self.value = .allocate(capacity: 1)
        pthread_mutex_init(self.lock, nil)
        self.value.initialize(to: value)
    }

    deinit {
        self.value.deinitialize(count: 1)
        self.value.deallocate()
        pthread_mutex_destroy(self.lock)
        self.lock.deallocate()
    }

    public borrowing func withLock<Result: ~Copyable, E: Error>(
        _ body: (inout sending Value) throws(E) -> sending Result
    ) throws(E) -> sending Result {
        pthread_mutex_lock(self.lock)
        defer { pthread_mutex_unlock(self.lock) }
        return try body(&self.value.pointee)
    }
}
