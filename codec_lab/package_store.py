"""The published packages: a list and the wheels that it pins, in the object store."""

from collections.abc import Mapping

from codec_lab import documents, keys
from codec_lab.errors import WheelError
from codec_lab.packages import AllowedPackages
from codec_lab.ports import ObjectStore
from codec_lab.wheel import Wheel


def published(objects: ObjectStore) -> AllowedPackages:
    """Read the list; it is empty until one is published.

    Raises
    ------
    ConfigurationError
        If it is damaged.
    """
    if not objects.exists(keys.ALLOWED_PACKAGES):
        return AllowedPackages()
    return documents.load(objects, keys.ALLOWED_PACKAGES, AllowedPackages)


def publish(allowed: AllowedPackages, files: Mapping[str, bytes], objects: ObjectStore) -> None:
    """Store wheels, then the list that names them; what it no longer names cannot be installed.

    Parameters
    ----------
    allowed : AllowedPackages
        The whole list.
    files : mapping of str to bytes
        Its wheels by file name.

    Raises
    ------
    WheelError
        If a wheel is missing, another than the one that is pinned, or not safe to unpack;
        nothing is stored then.
    """
    for wheel in allowed.wheels:
        if wheel.file not in files:
            raise WheelError(f"{wheel.file} is missing.")
        wheel.unpacked(files[wheel.file])
    for wheel in allowed.wheels:
        objects.put(keys.wheel(wheel.sha256), files[wheel.file])
    documents.save(objects, keys.ALLOWED_PACKAGES, allowed)


def fetch(wheels: tuple[Wheel, ...], objects: ObjectStore) -> dict[str, bytes]:
    """Take wheels for a bundle.

    Returns
    -------
    dict of str to bytes
        By file name.

    Raises
    ------
    WheelError
        If a package has left the list.
    ConfigurationError
        If a wheel is not in the store.
    """
    allowed = published(objects) if wheels else AllowedPackages()
    for wheel in wheels:
        if wheel not in allowed.wheels:
            raise WheelError(allowed.refusal(wheel.name))
    return {wheel.file: objects.get(keys.wheel(wheel.sha256)) for wheel in wheels}
