"""What the public reads of a campaign, and what it does not."""

import base64
import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO

import pytest

from codec_lab import keys
from codec_lab.report.files import Beside, Embedded
from codec_lab.report.gathering import gather_report
from codec_lab.report.models import CampaignReport, DownloadKind
from codec_lab.report.redaction import Redaction
from codec_lab.verdict import Verdict
from reports.campaign_page import campaign_page
from tests.unit.report.public_campaign import HIDDEN, SECRETS, PublicCampaign


class Kept:
    """A folder in memory."""

    takes_all = True

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, file_name: str, _media_type: str, data: bytes) -> str:
        self.data[file_name] = data
        return f"files/{file_name}"


class Outline(HTMLParser):
    """Headings, elements and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            assert not name.startswith("on")
            if name in {"href", "src", "data", "action"}:
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] and re.fullmatch("h[1-6]", self.tags[-1]) and data.strip():
            self.headings.append((self.tags[-1], data.strip()))


def gathered(campaign: PublicCampaign, beside: Beside | None = None) -> CampaignReport:
    return gather_report(
        "default",
        beside or Embedded(),
        records=campaign.records,
        objects=campaign.objects,
        clock=campaign.clock,
    )


def test_the_report_has_the_figures_of_the_records(campaign: PublicCampaign) -> None:
    report = gathered(campaign)
    assert report.leaders == ("default-0002", "default-0001")
    assert [one.number for one in report.experiments] == [1, 2, 3, 4]
    second = report.experiments[1]
    assert (second.parent_id, second.gain_points) == ("default-0001", 2.5)
    assert (second.bd_rate_low_percent, second.bd_rate_high_percent) == (-14.0, -11.0)
    assert second.absence is None
    (hall,) = report.clips
    assert [curve.codec for curve in hall.curves] == ["default-0002", "default-0001"]
    assert [curve.codec for curve in hall.anchors] == ["x265-medium", "svtav1-p6"]
    assert (hall.curves[0].points[0].bitrate_bps, hall.curves[0].points[0].psnr_y_db) == (
        150_000,
        27.5,
    )
    assert report.measurement.hidden_clips == 1


@pytest.mark.parametrize(
    ("hidden_clips", "said"),
    [
        (1, "includes it, and nobody is crowned champion: that takes 3 hidden clips."),
        (3, "includes them, and a champion is crowned by them alone."),
    ],
)
def test_the_page_says_who_crowns_a_champion(
    campaign: PublicCampaign, hidden_clips: int, said: str
) -> None:
    report = gathered(campaign)
    measurement = report.measurement.model_copy(update={"hidden_clips": hidden_clips})
    page = campaign_page(report.model_copy(update={"measurement": measurement}))
    assert said in " ".join(page.split())


def test_one_experiment_is_counted_as_one(campaign: PublicCampaign) -> None:
    report = gathered(campaign)
    [first, *_] = report.experiments
    alone = report.model_copy(update={"experiments": (first,), "leaders": (), "clips": ()})
    assert "<p>experiment, 1 with a BD-rate." in campaign_page(alone)
    assert "<p>experiments, 2 with a BD-rate." in campaign_page(report)


def test_what_is_missing_has_its_reason(campaign: PublicCampaign) -> None:
    third, fourth = gathered(campaign).experiments[2:]
    assert third.absence is not None
    assert third.absence.startswith("The phase execution stopped at attempt 5 of 5")
    assert fourth.absence == "The screen was worse by 9.0 points than the best."
    assert fourth.analysis is None


def test_nothing_gets_out_that_is_not_for_the_public(campaign: PublicCampaign) -> None:
    kept = Kept()
    report = gathered(campaign, kept)
    page = campaign_page(report)
    files = [name.encode() + data for name, data in kept.data.items()]
    for text in [page.encode(), report.model_dump_json().encode(), *files]:
        assert not re.search(rf"\b{HIDDEN}\b".encode(), text)
        for secret in (*SECRETS, "123456789012", "X-Amz", "dkr"):
            assert secret.encode() not in text
    assert "Better on a hidden clip too, see [path] and [address] and [address] and [key]" in page


def test_markup_of_a_mind_stays_text(campaign: PublicCampaign) -> None:
    page = campaign_page(gathered(campaign))
    outline = Outline(page)
    assert not {"script", "img", "iframe", "object", "form"} & set(outline.tags)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_asks_for_nothing(campaign: PublicCampaign) -> None:
    page = campaign_page(gathered(campaign))
    outline = Outline(page)
    assert all(address.startswith(("#", "data:")) for address in outline.addresses)
    targets = {address[1:] for address in outline.addresses if address.startswith("#")}
    assert targets <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))
    assert not re.search(r"url\(|@import", page)


def test_headings_make_an_outline(campaign: PublicCampaign) -> None:
    headings = Outline(campaign_page(gathered(campaign))).headings
    assert [text for level, text in headings if level == "h1"] == ["default"]
    assert [text for level, text in headings if level == "h2"] == [
        "Progress",
        "Leaderboard",
        "Rate-distortion curves",
        "What the campaign has learnt",
        "Experiments",
        "Downloads",
        "How it was measured",
    ]
    tried = [text for level, text in headings if level == "h4"]
    assert tried == ["Tried", "Measured", "Learned"] * 4


def test_a_page_shows_figures_with_true_signs_and_never_none(campaign: PublicCampaign) -> None:
    page = campaign_page(gathered(campaign))
    assert "\N{MINUS SIGN}12.5<small> %</small>" in page
    assert "\N{MINUS SIGN}14.0 … \N{MINUS SIGN}11.0" in page
    assert "2.50 points better than its parent" in " ".join(page.split())
    assert "n/a: the curves share 10 % of their quality" in page
    assert not re.search(r"\b(None|nan|undefined|inf)\b", page)


def test_a_page_has_the_best_experiments_files_in_it(campaign: PublicCampaign) -> None:
    (entry,) = gathered(campaign).downloads
    assert entry.experiment_id == "default-0002"
    by_kind = {file.kind: file for file in entry.files}
    assert len(entry.files) == 6
    head, _, data = by_kind[DownloadKind.BITSTREAM].href.partition(",")
    assert head == "data:application/octet-stream;base64"
    assert base64.b64decode(data) == b"hall 60"


def test_a_folder_has_what_lab_decode_takes(campaign: PublicCampaign) -> None:
    kept = Kept()
    report = gathered(campaign, kept)
    assert [entry.experiment_id for entry in report.downloads] == ["default-0002", "default-0001"]
    decoder = zipfile.ZipFile(BytesIO(kept.data["default-0001-decoder.zip"]))
    assert "codec.py" in decoder.namelist()
    verdict = Verdict.model_validate_json(kept.data["default-0001-verdict.json"])
    assert [result.clip for result in verdict.results] == ["hall"]
    assert verdict.environment == {}
    assert kept.data["default-0001-hall-q30.bin"] == b"hall 30"


def test_files_without_room_are_absent_with_a_reason(campaign: PublicCampaign) -> None:
    (entry,) = gathered(campaign, Embedded(room_bytes=10)).downloads
    assert [file.kind for file in entry.files] == [DownloadKind.BITSTREAM]
    assert entry.absence is not None
    assert "lab report --output FOLDER" in entry.absence


@pytest.mark.parametrize(
    "source",
    [
        {"source": f'CLIP = "{HIDDEN}"\n'},
        {"modules": {"toolbox/scan.py": f'CLIP = "{HIDDEN}"\n'}},
    ],
)
def test_a_decoder_that_names_a_hidden_clip_stays(
    campaign: PublicCampaign, source: dict[str, object]
) -> None:
    campaign.add_measured(5, -20.0, **source)
    (entry,) = gathered(campaign).downloads
    assert (entry.experiment_id, entry.files) == ("default-0005", ())
    assert entry.absence == "Its source names something that is not for the public."


def test_a_decoder_that_is_not_the_measured_one_stays(campaign: PublicCampaign) -> None:
    first, second = (campaign.records.experiment(f"default-000{n}") for n in (1, 2))
    key = keys.bundle(str(second.bundle_sha256))
    campaign.objects.put(key, campaign.objects.get(keys.bundle(str(first.bundle_sha256))))
    (entry,) = gathered(campaign).downloads
    assert (entry.files, entry.absence) == (
        (),
        "Its stored decoder is not the one that was measured.",
    )


def test_files_that_have_expired_are_absent_with_a_reason(campaign: PublicCampaign) -> None:
    campaign.objects.data = {
        key: data for key, data in campaign.objects.data.items() if not key.endswith(".bin")
    }
    (entry,) = gathered(campaign).downloads
    assert (entry.files, entry.absence) == ((), "Its files are no longer stored.")


def test_a_campaign_that_has_not_begun_has_a_page(campaign: PublicCampaign) -> None:
    campaign.records.by_id.clear()
    page = campaign_page(gathered(campaign))
    assert "Nothing has been measured yet" in page
    assert "The campaign has not begun." in page


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("PARK and park-2, not parking", "a hidden clip and a hidden clip-2, not parking"),
        ("rate 12/34 of /usr/lib/x.py, line 3", "rate 12/34 of [path], line 3"),
        ("see https://example.org/paper.pdf", "see https://example.org/paper.pdf"),
        ("http://127.0.0.1:4566/admin/#token=abc", "[address]"),
        ("0.123456789012 and 123456789012", "0.123456789012 and [account]"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "[token]"),
        ("AKIAABCDEFGHIJKLMNOP", "[key]"),
    ],
)
def test_what_redaction_leaves(text: str, public: str) -> None:
    assert Redaction(["park"])(text) == public
