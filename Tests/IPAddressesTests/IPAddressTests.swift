import Testing

@testable import IPAddresses

@Suite struct IPAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1]), ("::ffff:10.1.2.3", [10, 1, 2, 3]),
            ("[::1]", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("fe80::1%eth0", [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ] as [(String, [UInt8])])
    func `every usual form is read, and an IPv4 address within IPv6 is the IPv4 address`(
        text: String, bytes: [UInt8]
    ) {
        #expect(IPAddress(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "localhost", "127.1", "1.2.3.4.5", "[::1", "::g", "1.2.3.256", "[127.0.0.1]x"])
    func `what is no address is none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "fe80::1", "febf::1", "::ffff:169.254.169.254", "fd00:ec2::254",
        "100.100.100.200", "0.0.0.0", "::",
    ])
    func `addresses of the cable and of clouds' metadata are recognised`(text: String) throws {
        #expect(try #require(IPAddress(text)).isLinkLocalOrMetadata)
    }

    @Test(arguments: ["127.0.0.1", "10.0.0.1", "192.168.1.1", "fec0::1", "2001:db8::1", "::1", "fd00:ec3::1"])
    func `other addresses are not`(text: String) throws {
        #expect(try !#require(IPAddress(text)).isLinkLocalOrMetadata)
    }

    @Test func `a network holds what begins with its bits`() throws {
        let network = try #require(IPNetwork("10.32.0.0/11"))
        #expect(network.contains(try #require(IPAddress("10.63.255.255"))))
        #expect(!network.contains(try #require(IPAddress("10.64.0.0"))))
        #expect(!network.contains(try #require(IPAddress("::1"))))
        let single = try #require(IPNetwork("::1"))
        #expect(single.contains(try #require(IPAddress("::1"))))
        #expect(!single.contains(try #require(IPAddress("::2"))))
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "ten/8", ""] { #expect(IPNetwork(text) == nil) }
    }
}
