import type { Metadata } from 'next';
import { ReportDesk } from '../../components/report-desk';
import { isLocalModel } from '../../lib/model';

export const metadata: Metadata = { title: 'Report desk' };

export default function Page() {
  return (
    <ReportDesk canFail={isLocalModel()} hasInstances={process.env.DEMO_INSTANCE !== undefined} />
  );
}
