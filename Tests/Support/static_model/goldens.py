"""Writes goldens.json: what the reference libraries make of our sentences. Made with tokenizers 0.23.3, numpy 2.4.6.

    goldens.py FOLDER > goldens.json        FOLDER as Deploy/fetch-model fills it; needs tokenizers, numpy, safetensors
"""

import json
import pathlib
import sys

import numpy
import safetensors.numpy
import tokenizers

# A text and how often it stands there; the tokens of repeated texts are told by their number and sum only.
TEXTS = [
    ("", 1),
    (" ", 1),
    ("a", 1),
    ("A knee without a motor can still walk downhill.", 1),
    ("The servo holds its angle; the damper takes the swing out of it.", 1),
    ("func solveIK(target: SIMD3<Float>, maxIterations: Int = 32) -> [Double]?", 1),
    ("joint_state_publisher.cpp:128: error: 'q_dot' was not declared in this scope", 1),
    ("HTTPClientRequest camelCase snake_case SCREAMING_CASE kebab-case x86_64 v2.10.3-rc1", 1),
    ("for (int i=0;i<n;++i){\n\tsum+=a[i]*b[i];\r\n}\n", 1),
    ("# Torque\n\n| arm | force |\n|-----|-------|\n| 0.2 m | 15 N |\n\n```python\nτ = r × F\n```\n", 1),
    ("two  spaces,   three,    four, and      six", 1),
    (" leading and trailing ", 1),
    ("    indented by four\n        and by eight\n", 1),
    ("\t\ttabs\tbetween\twords", 1),
    ("روبوٹ کا گھٹنا موٹر کے بغیر بھی چل سکتا ہے۔", 1),
    ("قوت × بازو = گشتاور، یعنی 15 × 0.2 = 3", 1),
    ("Roboter müssen Türen öffnen; les moteurs s’échauffent à l’arrêt", 1),
    ("Привет, мир! 機器人學 ロボット 로봇 हाथ แขนกล", 1),
    ("🤖 waves 👋🏽 and the family 👩‍👩‍👧‍👦 waves back 🇵🇰", 1),
    ("e\u0301 is not \u00e9, and A\u030a, \u00c5, \u212b are three ways", 1),
    ("ί \u1f77 ά \u1f71 ό \u1f79 έ \u1f73 ή \u1f75 ύ \u1f7b", 1),
    ("\u0000\u0001\u0002\u0007\b\u001b[31mred\u001b[0m\u007f\u0080\u009f", 1),
    ("zero\u200bwidth no\u00a0break soft\u00adhyphen \ufeffmark \u2028line \u2029paragraph", 1),
    ("\ufffd \ufffe \uffff \U0010ffff \ue000 \U000f0000", 1),
    ("𝛕 = 𝐫 × 𝐅, ℝ³, ∇·E, x̂, 10⁻⁶, ½, ①, Ⅷ", 1),
    ("<s> struck </s> and <unk> and <0x0A> and [INST] <<SYS>>", 1),
    ("\u2581already\u2581marked \u2581\u2581 twice", 1),
    ("0 1 12 123 1234 12345 3.14159 -40 1e-9 0xDEADBEEF 2026-11-21T23:59:59Z", 1),
    ("https://example.org/a/b?c=d&e=f#g mailto:someone@example.org C:\\Users\\x ~/y ../z", 1),
    ("!!!??? ... ---- ==== **** //// \\\\\\\\ \"\"\" ''' ``` $$$ %%% @@@ ((( )))", 1),
    ("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", 1),
    ("antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis", 1),
    ("inverse kinematics: from a position in space to the angles of the joints", 1),
    ("SELECT kind, count(*) FROM lectern.job WHERE state = 'available' GROUP BY 1;", 1),
    ("{\"lesson_slug\": \"ch02-lab\", \"cached\": false, \"tokens\": [1, 2, 3]}", 1),
    ("a", 5_000),
    ("ab", 3_000),
    (" ", 4_097),
    ("the arm ", 1_500),
    ("🧿", 700),
    ("ا", 2_000),
    ("=-", 2_500),
]


def main(folder):
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "l2_supercat_tokenizer_config.json"))
    # What looks like a special token in a lesson is text.
    tokenizer.encode_special_tokens = True
    table = safetensors.numpy.load_file(folder / "l2_supercat_256.safetensors")["embedding.weight"]
    goldens = []
    for text, count in TEXTS:
        tokens = tokenizer.encode(text * count, add_special_tokens=False).ids
        golden = {"text": text, "times": count, "count": len(tokens), "sum": sum(tokens)}
        if count == 1:
            golden["tokens"] = tokens
        if tokens:
            vector = table[tokens].astype(numpy.float64).mean(axis=0)
            vector /= numpy.linalg.norm(vector)
            golden["components"] = {str(place): round(float(vector[place]), 7) for place in (0, 1, 100, 255)}
        goldens.append(golden)
    lines = ",\n".join(json.dumps(golden, separators=(",", ":")) for golden in goldens)
    print(f"[\n{lines}\n]")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
