from amorphology.studies import carbon_study
from amorphology.studies.energy_study.page_background import histogram_words


def words(option):
    histograms = {one.option: one.descriptors[0] for one in carbon_study("paper").trainings}
    return histogram_words(histograms[option].model_dump(mode="json"))


def test_the_papers_histogram_in_words():
    assert words("paper") == (
        "H1, 128 × 128 bins over 0 to 8 Å², divided by the number of pairs, z-scored"
    )


def test_several_degrees_in_words():
    assert words("combined") == (
        "H0 + H1 + H2, 64 × 64 bins over 0 to 1.3, 0 to 2.5, 0 to 2.5 Å, counts per atom, shared "
        "among bins, blurred by 0.03, 0.1, 0.1 Å, z-scored"
    )
