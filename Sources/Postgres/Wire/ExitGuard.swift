import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Keeps the end of the process apart from connections that are just being opened.
///
/// `exit` runs the last code of every library, that of Kerberos and TLS under libpq among them, while other threads still
/// run. A thread that is on its way to a silent server would then come back into what is gone already, and Kerberos
/// aborts the process for it. While one is on its way, the process therefore ends without that code.
enum ExitGuard {
    private static let connecting = Atomic(0)
    private static let isEnding = Atomic(false)

    /// Registered after the libraries were loaded, so it comes before their last code.
    private static let isRegistered: Bool = {
        #if canImport(Glibc)
            on_exit(
                { code, _ in
                    ExitGuard.isEnding.store(true, ordering: .sequentiallyConsistent)
                    guard ExitGuard.connecting.load(ordering: .sequentiallyConsistent) > 0 else { return }
                    fflush(nil)
                    _exit(code)
                }, nil) == 0
        #else
            false
        #endif
    }()

    /// To be called before a call of libpq that opens a connection; does not return once the process ends.
    static func enter() {
        _ = self.isRegistered
        self.connecting.add(1, ordering: .sequentiallyConsistent)
        while self.isEnding.load(ordering: .sequentiallyConsistent) { pause() }
    }

    /// To be called after it.
    static func leave() {
        self.connecting.subtract(1, ordering: .sequentiallyConsistent)
    }
}
