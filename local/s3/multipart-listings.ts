// Listings of unfinished uploads and of the parts of one.

import { MAX_PAGE, OWNER } from './bucket-operations.ts';
import { MAX_PART_NUMBER } from './multipart-operations.ts';
import type { ObjectInfo } from './object-file.ts';
import { copyResult } from './object-operations.ts';
import { keyEncoding, queryNumber, type S3Reply, type S3Request } from './request.ts';
import { findUpload, type Upload } from './uploads.ts';
import { toXml, type XmlFields } from './xml.ts';

/** [ListParts](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html). */
export function listParts(request: S3Request): S3Reply {
  const { store, bucket, key, query } = request;
  const { id, info, parts } = findUpload(store.bucket(bucket), query.get('uploadId')!, key);
  const marker = queryNumber(request, 'part-number-marker', 0, MAX_PART_NUMBER);
  const maxParts = queryNumber(request, 'max-parts', MAX_PAGE, MAX_PAGE);
  const rest = [...parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = rest.slice(0, maxParts);
  const isTruncated = page.length < rest.length;
  const fields: XmlFields = {
    Bucket: bucket,
    Key: keyEncoding(request)(key),
    UploadId: id,
    PartNumberMarker: marker,
    NextPartNumberMarker: isTruncated ? page.at(-1)?.[0] : undefined, // paginators continue while there is one
    MaxParts: maxParts,
    IsTruncated: isTruncated,
    ChecksumAlgorithm: info.checksum?.algorithm,
    ChecksumType: info.checksum?.type,
    StorageClass: 'STANDARD',
    Part: page.map(([number, part]) => ({ PartNumber: number, Size: part.size, ...partFields(part) })),
  };
  return { xml: toXml('ListPartsResult', fields) };
}

function partFields(part: ObjectInfo): XmlFields {
  const { ChecksumType: _, ...fields } = copyResult(part); // stated once, for all parts
  return fields;
}

/** [ListMultipartUploads](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html). */
export function listMultipartUploads(request: S3Request): S3Reply {
  const { query } = request;
  const bucket = request.store.bucket(request.bucket);
  const encode = keyEncoding(request);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const maxUploads = queryNumber(request, 'max-uploads', MAX_PAGE, MAX_PAGE);
  const order = (a: Upload, key: string, id: string) =>
    Buffer.compare(Buffer.from(a.info.key), Buffer.from(key)) || (a.id < id ? -1 : Number(a.id > id));
  const rest = [...bucket.uploads.values()]
    .filter(({ info }) => info.key.startsWith(prefix))
    // without an id, the marker stands for all uploads of its key
    .filter((upload) => keyMarker === '' || order(upload, keyMarker, idMarker === '' ? '\uffff' : idMarker) > 0)
    .sort((a, b) => order(a, b.info.key, b.id));
  const page = rest.slice(0, maxUploads);
  const last = page.length < rest.length ? page.at(-1) : undefined;
  const fields: XmlFields = {
    Bucket: bucket.name,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: last && encode(last.info.key),
    NextUploadIdMarker: last?.id,
    MaxUploads: maxUploads,
    EncodingType: query.get('encoding-type'),
    IsTruncated: last !== undefined,
    Upload: page.map(({ id, info }) => ({
      Key: encode(info.key),
      UploadId: id,
      Initiated: new Date(info.modifiedMs).toISOString(),
      StorageClass: 'STANDARD',
      Owner: OWNER,
      Initiator: OWNER,
    })),
  };
  return { xml: toXml('ListMultipartUploadsResult', fields) };
}
