"""What the tasks are made of."""

from codec_lab.candidate import Candidate
from codec_lab.limits import Limits
from codec_lab.proposal import Mind, Proposal

KEY = "sk-ant-test-0123456789-the-secret"
PARENT = Candidate(
    files={
        "codec.py": "import helper\n\nSTEP = 8\n\ndef encode(clip, quality):\n    return b'x'\n\n"
        "def decode(bitstream):\n    return helper.planes(bitstream)\n",
        "helper.py": "def planes(bitstream):\n    return bitstream\n",
    }
)
FINER = PARENT.with_file("codec.py", PARENT.files["codec.py"].replace("STEP = 8", "STEP = 4"))


def proposal_of(candidate: Candidate, **more: object) -> Proposal:
    return Proposal.model_validate(
        {
            "candidate": candidate,
            "limits": Limits(),
            "mind": Mind.CLAUDE,
            "parent_sha256": None,
            "change": "The beginning.",
            "hypothesis": "None.",
            **more,
        }
    )
