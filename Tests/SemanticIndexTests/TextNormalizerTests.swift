import Testing

@testable import SemanticIndex

@Suite struct TextNormalizerTests {
    @Test(arguments: [
        ["simulate", "simulates", "simulated", "simulating", "simulation", "simulations", "simulator"],
        ["sensor", "sensors", "sensing", "sense", "senses"],
        ["robot", "robots", "robotic", "robotics"],
        ["actuator", "actuators", "actuation", "actuate"],
        ["control", "controls", "controlled", "controller", "controlling"],
        ["move", "moves", "moved", "moving", "movement"],
        ["study", "studies", "studied", "studying"],
        ["compute", "computes", "computer", "computing"],
        ["walk", "walks", "walked", "walking", "walker"],
    ])
    func oneFamilySharesAStem(words: [String]) {
        #expect(Set(words.map(Stemmer.stem)).count == 1, "\(words.map(Stemmer.stem))")
    }

    @Test(arguments: [
        ("sensor", "sentence"), ("bus", "busy"), ("motor", "motion"), ("model", "mode"), ("form", "format"),
    ])
    func differentWordsStayApart(left: String, right: String) {
        #expect(Stemmer.stem(left) != Stemmer.stem(right))
    }

    @Test func namesAreSplitAtCapitalsAndKeptWhole() {
        #expect(TextNormalizer().words("JointState of rclpy") == ["joint", "state", "jointstate", "of", "rclpy"])
    }

    @Test func accentsAndKeyboardsMakeNoDifference() {
        #expect(TextNormalizer().words("Café STRAẞE naïve") == TextNormalizer().words("cafe strasse naive"))
        // Arabic kaf and yeh against the Urdu letters; vowel signs dropped.
        #expect(TextNormalizer().words("\u{0643}\u{064A}") == TextNormalizer().words("\u{06A9}\u{06CC}"))
        #expect(TextNormalizer().words("رُوبوٹ") == TextNormalizer().words("روبوٹ"))
    }

    @Test func urduWordsKeepTheirLetters() {
        #expect(TextNormalizer().stems("روبوٹ کیا ہے؟") == ["روبوٹ"])
    }

    @Test func stopWordsSayNothing() {
        #expect(TextNormalizer().stems("What is the torque of it?") == ["torqu"])
    }
}
