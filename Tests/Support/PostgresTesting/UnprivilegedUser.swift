import Foundation

/// The account that servers run as: PostgreSQL and PgBouncer refuse to run as root.
enum UnprivilegedUser {
    /// Puts the command under another account where this process is root.
    static func command(_ arguments: [String]) throws -> [String] {
        guard geteuid() == 0 else { return arguments }
        let user = try Self.find()
        return ["/usr/bin/setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups"] + arguments
    }

    /// Gives a folder to that account.
    static func own(_ path: String) throws {
        guard geteuid() == 0 else { return }
        let user = try Self.find()
        guard chown(path, user.id, user.group) == 0 else {
            throw PostgresTestingError("cannot give \(path) to another account")
        }
    }

    private static func find() throws -> (id: uid_t, group: gid_t) {
        for name in ["postgres", "nobody"] {
            if let entry = getpwnam(name) { return (entry.pointee.pw_uid, entry.pointee.pw_gid) }
        }
        throw PostgresTestingError("there is neither an account postgres nor an account nobody")
    }
}
