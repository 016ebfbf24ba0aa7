from amorphology.studies import carbon_study
from amorphology.studies.energy_study.page_background import histogram_words


def words(option):
    histograms = {one.option: one.descriptors[0] for one in carbon_study("paper").trainings}
    return histogram_words(histograms[option].model_dump(mode="json"))


def test_the_papers_histogram_in_words():
    assert words("paper") == (
        "H1, 128 × 128 bins over 0 to 8 Å², divided by the number of pairs, z-scored"
    )


def test_midpoints_in_words():
    histograms = carbon_study("demo").trainings[-1].descriptors
    found = histogram_words(histograms[1].model_dump(mode="json"))
    assert found.startswith(
        "H0 + H1 + H2 of the midpoints of atoms at most 2.6 Å apart, which come the later the "
        "farther these are apart, 64 × 64 bins over 0 to 2.2, 0 to 2.2, 0 to 2.2 Å, counts per atom"
    )


def test_several_degrees_in_words():
    assert words("combined") == (
        "H0 + H1 + H2, 64 × 64 bins over 0 to 1.3, 0 to 2.5, 0 to 2.5 Å, counts per atom, shared "
        "among bins, blurred by 0.03, 0.1, 0.1 Å, z-scored"
    )
