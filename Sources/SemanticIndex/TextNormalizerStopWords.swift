/// Words too frequent to tell texts apart.
enum StopWords {
    /// English and Urdu together, in the form ``TextNormalizer`` gives words.
    static let all = Set((english + " " + urdu).split(separator: " ").map { StopWords.folded(String($0)) })

    /// The same with words that a question has and an answer need not have, for search by words.
    static let search = all.union(vague.split(separator: " ").map { StopWords.folded(String($0)) })

    private static let vague = """
        already allow allows allowed another anybody anyone anything anyway become becomes became come came comes \
        coming even ever every everybody everyone everything however indeed instead please quite rather really said \
        say saying says seem seems since somebody someone something somehow still take taken takes thing things think \
        though thus want wants went yet
        """

    private static let english = """
        a about above after again all also am an and any are arent as at be because been before being below between \
        both but by can cannot cant could did didnt do does doesnt doing dont down during each either else etc few \
        for from further get gets give given gives had has have having he her here hers him his how i if in into is \
        isnt it its itself just let lets like made make makes many may me might more most much must my need no nor \
        not of off on once one only or other our ours out over own per same she should so some such than that thats \
        the their them then there these they this those through to too under until up upon us use used uses using \
        very was we well were what whats when where whether which while who whom whose why will with within without \
        would yes you your yours tell explain describe mean means meaning called
        """

    private static let urdu = """
        کا کی کے میں ہے ہیں سے کو پر اور یہ وہ نے تھا تھی تھے ہو ہوں ہوتا ہوتی ہوتے کیا کیوں کیسے کہ جو جس جب تو بھی ایک اس ان \
        اپنے اپنی اپنا یا لیے لئے گا گی گے کر کرنا کرتا کرتی کرتے کرنے نہیں تک ہی ساتھ کوئی کچھ بہت اگر لیکن مگر بارے کون کب کہاں
        """

    private static func folded(_ word: String) -> String {
        TextNormalizer().words(word).last ?? word
    }
}
