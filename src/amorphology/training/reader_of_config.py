"""The reader that a config asks for."""

from functools import reduce

from amorphology.descriptors import PersistenceHistogram
from amorphology.descriptors.local_environment import LocalEnvironment
from amorphology.training.config import TrainingConfig
from amorphology.training.descriptor_config import DescriptorConfig, RowConfig
from amorphology.training.descriptor_kinds import descriptor_from_config
from amorphology.training.model_config import KernelAndNetworkConfig
from amorphology.training.readers import BothReader, HistogramReader, Reader
from amorphology.training.row_readers import EnvironmentReader, VectorReader

__all__ = ["reader_of"]


def reader_of(config: TrainingConfig) -> Reader:
    """
    Build what turns frames into inputs of the model.

    Parameters
    ----------
    config
        Settings of a run.

    Returns
    -------
    Reader
        Not fitted.
    """
    local = [config.local] if config.local else []
    sections = [config.descriptor, *local, *config.also]
    if isinstance(config.model, KernelAndNetworkConfig):
        # The last of them is the network's, all others are the kernel's.
        sections = [config.descriptor, *config.also, *local]
    return reduce(BothReader, map(_reader, sections))


def _reader(section: DescriptorConfig | RowConfig) -> Reader:
    if isinstance(section, DescriptorConfig):
        return HistogramReader(PersistenceHistogram(**section.model_dump(exclude={"kind"})))
    descriptor = descriptor_from_config(section)
    if isinstance(descriptor, LocalEnvironment) and section.kind in ("soap", "acsf"):
        return EnvironmentReader(descriptor, section.standardisation)
    return VectorReader(descriptor, section.standardisation)
