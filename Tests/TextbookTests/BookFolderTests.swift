import FoundationEssentials
import Testing
import Textbook

@Suite struct BookFolderTests {
    /// A folder that is gone afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/lectern-book-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/parts/a", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private func failure(_ path: String, limits: BookFolder.Limits = .init()) -> BookFolderError? {
        do {
            _ = try BookFolder.read(path, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func filesAreReadWithTheirRelativePaths() throws {
        try self.withFolder { root in
            try self.write("title: x", root + "/book.yaml")
            try self.write("# A", root + "/parts/a/b.md")
            try self.write("png", root + "/parts/a/i.png")
            try self.write("secret", root + "/.env")
            try FileManager.default.createSymbolicLink(
                atPath: root + "/parts/a/link.md", withDestinationPath: root + "/parts/a/b.md")
            let folder = try BookFolder.read(root)
            #expect(folder.files.keys.sorted() == ["book.yaml", "parts/a/b.md", "parts/a/link.md"])
            #expect(folder.otherPaths == ["parts/a/i.png"])
            #expect(folder.files["parts/a/link.md"] == Array("# A".utf8))
        }
    }

    @Test func linksThatLeadOutsideAreRefused() throws {
        try self.withFolder { root in
            for target in ["/etc/passwd", "/etc", "../../../etc/hostname", root + "/parts"] {
                let link = root + "/parts/a/link.md"
                try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
                let error = self.failure(root)
                #expect(error?.code == .outsideLink || error?.code == .unreadable, "\(target)")
                #expect(error?.path == "parts/a/link.md")
                try FileManager.default.removeItem(atPath: link)
            }
        }
    }

    @Test func sizesAndCountsAreBounded() throws {
        try self.withFolder { root in
            try self.write(String(repeating: "a", count: 1_000), root + "/parts/a/b.md")
            try self.write(String(repeating: "a", count: 1_000), root + "/parts/a/c.md")
            var limits = BookFolder.Limits()
            limits.maximumFileBytes = 999
            #expect(self.failure(root, limits: limits)?.path == "parts/a/b.md")
            limits.maximumFileBytes = 1_000
            limits.maximumTotalBytes = 1_999
            #expect(self.failure(root, limits: limits)?.path == "parts/a/c.md")
            limits.maximumTotalBytes = 2_000
            #expect(self.failure(root, limits: limits) == nil)
            limits.maximumEntries = 3
            #expect(self.failure(root, limits: limits)?.code == .tooLarge)
        }
    }

    @Test func aMissingFolderIsNamed() {
        #expect(self.failure("/nonexistent/book")?.code == .notFound)
    }

    @Test func whatIsNoPlainFileIsRefused() throws {
        try self.withFolder { root in
            try FileManager.default.createSymbolicLink(
                atPath: root + "/parts/a/null.md", withDestinationPath: "/dev/zero")
            #expect(self.failure(root) != nil)
        }
    }
}
