import CurlHTTP
import Foundation
import ProcessTesting
import ServerTesting
import Testing

/// A server with a certificate of its own making, in a folder that goes with it.
private struct TLSServer {
    let server: PythonServer
    let certificate: String
    private let folder: URL

    init(names: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lectern-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let key = folder.appending(path: "key.pem").path
        let certificate = folder.appending(path: "certificate.pem").path
        let (openssl, _) = try ProcessStart.run { process in
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=lectern test", "-addext", "subjectAltName=\(names)", "-keyout", key,
                "-out", certificate,
            ]
            process.standardError = FileHandle.nullDevice
        }
        openssl.waitUntilExit()
        (self.folder, self.certificate) = (folder, certificate)
        self.server = try await PythonServer.start(
            "http_test_server", arguments: ["--certificate", self.certificate, "--key", key], scheme: "https")
    }

    func remove() throws {
        try FileManager.default.removeItem(at: self.folder)
    }
}

@Suite struct HTTPClientTLSTests {
    private func code(_ url: String, trusting path: String?) async -> HTTPClientError? {
        var configuration = HTTPClientConfiguration()
        configuration.trustedCertificatesPath = path
        return await httpError { try await HTTPClient(configuration: configuration).execute(.init(url: url)) }
    }

    @Test func aTrustedCertificateIsAccepted() async throws {
        let tls = try await TLSServer(names: "IP:127.0.0.1")
        defer { try? tls.remove() }
        var configuration = HTTPClientConfiguration()
        configuration.trustedCertificatesPath = tls.certificate
        let response = try await HTTPClient(configuration: configuration).execute(.init(url: "\(tls.server.url)/ok"))
        #expect(response.bodyText == "hello")
    }

    @Test func anUnknownCertificateIsRefusedForGood() async throws {
        let tls = try await TLSServer(names: "IP:127.0.0.1")
        defer { try? tls.remove() }
        let error = await self.code("\(tls.server.url)/ok", trusting: nil)
        #expect(error?.code == .tls)
        #expect(error?.isTransient == false)
    }

    @Test func aCertificateForAnotherNameIsRefused() async throws {
        let tls = try await TLSServer(names: "DNS:example.org")
        defer { try? tls.remove() }
        #expect(await self.code("\(tls.server.url)/ok", trusting: tls.certificate)?.code == .tls)
    }
}
