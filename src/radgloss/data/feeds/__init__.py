"""What a step brings: one frozen value in the `Run`, a type for each way of bringing it.

`read` makes or finds the store of one split; `batches` opens it, and what it returns is a pure
function of the step, so a resumed run meets the very batches it would have met. Which pictures are
drawn, and how far they are moved, is `Sampling`, the same for every feed."""

from radgloss.data.feeds.captioned import Captioned
from radgloss.data.feeds.desk import Desk, Feed, Progress
from radgloss.data.feeds.followed import Followed
from radgloss.data.feeds.hidden import HiddenPatches, HiddenWords
from radgloss.data.feeds.masked import Masked
from radgloss.data.feeds.neighbours import Neighbours
from radgloss.data.feeds.noisy import Noisy
from radgloss.data.feeds.noted import Noted
from radgloss.data.feeds.queried import Queried
from radgloss.data.feeds.reported import Reported
from radgloss.data.feeds.scarce import Scarce
from radgloss.data.feeds.shots import Shots
from radgloss.data.feeds.shown import Shown
from radgloss.data.feeds.spoiled import Spoiled
from radgloss.data.feeds.studies import Studies
from radgloss.data.feeds.told import Told
from radgloss.data.feeds.two_views import Change, TwoViews
from radgloss.data.feeds.unpaired import Unpaired
from radgloss.data.feeds.volumes import Volumes
from radgloss.data.feeds.written import Written

__all__ = [
    "Captioned",
    "Change",
    "Desk",
    "Feed",
    "Followed",
    "HiddenPatches",
    "HiddenWords",
    "Masked",
    "Neighbours",
    "Noisy",
    "Noted",
    "Progress",
    "Queried",
    "Reported",
    "Scarce",
    "Shots",
    "Shown",
    "Spoiled",
    "Studies",
    "Told",
    "TwoViews",
    "Unpaired",
    "Volumes",
    "Written",
]
