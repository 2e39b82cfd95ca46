"""The campaign that the reports of these tests are about."""

import pytest

from tests.unit.report.public_campaign import PublicCampaign


@pytest.fixture
def campaign() -> PublicCampaign:
    return PublicCampaign()
