"""Files in a bucket that speaks S3.

Who we are is told by the environment as the client knows it (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), or by the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from crowdfund.storage import KEY, Storage, StorageError, StorageUnavailable, checked

HABITS = Config(
    # A page waits for its file: it is asked for three times, and then the page says that it will be back.
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    # Buckets other than Amazon's may not know its newer checksums; our rows keep the SHA-256 of what matters.
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class BucketStorage(Storage):
    """Files in one bucket.

    A key is taken once because the bucket is asked to write only where nothing is: `If-None-Match: *`
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
    """

    def __init__(self, bucket: str, *, endpoint: str | None = None, region: str | None = None) -> None:
        self.bucket = bucket
        self._client = boto3.Session().client("s3", endpoint_url=endpoint, region_name=region, config=HABITS)

    def __str__(self) -> str:
        return f"s3://{self.bucket}"

    def write(self, key: str, content: bytes) -> None:
        """Keep the bytes under the key, durably. The same bytes again are a no-op, others raise StorageError."""
        with _reached():
            try:
                self._client.put_object(Bucket=self.bucket, Key=checked(key), Body=content, IfNoneMatch="*")
            except ClientError as error:
                if error.response["Error"]["Code"] != "PreconditionFailed":
                    raise
            else:
                return
        if self.read(key) != content:
            raise StorageError(f"{key} exists with other bytes")

    def read(self, key: str) -> bytes:
        """Give the bytes of the key. Raises StorageError when there are none."""
        with _reached():
            try:
                return bytes(self._client.get_object(Bucket=self.bucket, Key=checked(key))["Body"].read())
            except self._client.exceptions.NoSuchKey:
                raise StorageError(f"no file {key}") from None

    def keys(self) -> Iterator[str]:
        """List every key, in order."""
        with _reached():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
                yield from (one["Key"] for one in page.get("Contents", ()) if KEY.fullmatch(one["Key"]))

    def forget(self, key: str) -> None:
        """Throw the file of a key away, if there is one."""
        with _reached():
            self._client.delete_object(Bucket=self.bucket, Key=checked(key))


@contextmanager
def _reached() -> Iterator[None]:
    """Say that the storage is away when it is, or when it does not know us."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StorageUnavailable(str(error)) from error
